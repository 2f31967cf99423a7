import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { proxy } from 'hono/proxy'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryKeys } from '../keys/key.ts'
import { qredoV1 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import { requireSignature } from './hono.ts'

const secret = Buffer.alloc(60, 5).toString('base64')
const ORIGIN = 'http://a.example'
const BODY = '{"a":1}'
const verifier = createVerifier(qredoV1, { origin: ORIGIN, keys: memoryKeys(qredoV1, [{ id: 'k', secret }]), replay: 'off' })
let upstream = ''

/** What may stand behind the check, and reads the body in its own way. */
const BEHIND: { readonly [name: string]: (app: Hono) => unknown } = {
  'context.req.json()': app => app.post('/x', async context => context.text(JSON.stringify(await context.req.json()))),
  'context.req.raw.text()': app => app.post('/x', async context => context.text(await context.req.raw.text())),
  'a clone': app => app.post('/x', async context => context.text(await context.req.raw.clone().text())),
  'a new Request': app => app.post('/x', async context => context.text(await new Request('http://b.example/', context.req.raw).text())),
  route: app =>
    app.route(
      '/',
      new Hono().post('/x', async context => context.text(await context.req.text())),
    ),
  'mount of an app': app => app.mount('/', new Hono().post('/x', async context => context.text(await context.req.text())).fetch),
  'mount of a handler': app => app.mount('/', async request => new Response(await request.text())),
  proxy: app => app.post('/x', context => proxy(upstream, { ...context.req, method: 'POST', body: context.req.raw.body })),
  bodyLimit: app => app.post('/x', bodyLimit({ maxSize: 100 }), async context => context.text(await context.req.text())),
}

const echo = createServer((request, response) => {
  request.pipe(response)
})
beforeAll(async () => {
  await new Promise<void>(resolve => echo.listen(0, '127.0.0.1', resolve))
  upstream = `http://127.0.0.1:${(echo.address() as AddressInfo).port}/`
})
afterAll(() => void echo.close())

describe.each(Object.entries(BEHIND))('a body that was verified is there for %s', (_name, add) => {
  const app = new Hono().use(requireSignature(verifier))
  add(app)
  const { headers } = createSigner(qredoV1, { keyId: 'k', secret }).sign({ method: 'POST', url: `${ORIGIN}/x`, body: BODY })

  it('without Node', async () => {
    const response = await app.request(`${ORIGIN}/x`, { method: 'POST', headers, body: BODY })
    expect([response.status, await response.text()]).toEqual([200, BODY])
  })

  it.each([
    ['with its length', () => BODY],
    ['in chunks', () => new Blob([BODY]).stream()],
  ])('on Node, %s', async (_framing, bodyOf) => {
    const server = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`
    const response = await fetch(url, { method: 'POST', headers, body: bodyOf(), duplex: 'half' } as RequestInit)
    expect([response.status, await response.text()]).toEqual([200, BODY])
    server.closeAllConnections()
    server.close()
  })
})
