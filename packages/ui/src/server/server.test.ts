import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningUi, startUi } from './index.ts'

const directory = mkdtempSync(join(tmpdir(), 'countersign-ui-'))
let ui: RunningUi
let target: ReturnType<typeof createServer>
let targetUrl = ''
let calls = 0
let token = ''

beforeAll(async () => {
  writeFileSync(join(directory, 'index.html'), '<!doctype html>')
  ui = await startUi({ port: 0, directory })
  token = new URL(ui.url).hash.replace('#token=', '')
  target = createServer(async (request, response) => {
    calls++
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    if (request.url === '/moved') return response.writeHead(302, { location: '/elsewhere' }).end()
    if (request.url === '/hangs') return undefined
    return response.end(JSON.stringify({ method: request.method, sig: request.headers['sig'], body: Buffer.concat(pieces).toString() }))
  })
  await new Promise<void>(resolve => target.listen(0, '127.0.0.1', resolve))
  targetUrl = `http://127.0.0.1:${(target.address() as AddressInfo).port}`
})

afterAll(async () => {
  await ui.close()
  target.closeAllConnections()
  target.close()
  rmSync(directory, { recursive: true })
})

interface Ask {
  readonly path?: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

function ask({ path = '/api/send', method = 'POST', headers = {}, body = '' }: Ask = {}): Promise<{
  status: number
  headers: Record<string, unknown>
  text: string
}> {
  return new Promise((resolve, reject) => {
    const call = httpRequest(
      `${ui.origin}${path}`,
      { method, headers: { 'content-type': 'application/json', 'x-countersign-token': token, ...headers } },
      response => {
        let text = ''
        response.setEncoding('utf8').on('data', piece => {
          text += piece
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
      },
    )
    call.on('error', reject)
    call.end(body)
  })
}

const order = (path: string, more = {}): string =>
  JSON.stringify({ method: 'POST', url: targetUrl + path, headers: { sig: 'x' }, body: null, ...more })

describe('the server of the page', () => {
  it('hands out the page with a strict policy, and nothing else from the disk', async () => {
    const page = await ask({ path: '/', method: 'GET' })
    expect(page).toMatchObject({ status: 200, text: '<!doctype html>' })
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(page.headers['content-security-policy']).not.toContain('unsafe')
    expect(page.headers['access-control-allow-origin']).toBeUndefined()
    for (const path of ['/../server.ts', '/%2e%2e/package.json', '/index.html', '/api', '//etc/passwd'])
      expect([path, (await ask({ path, method: 'GET' })).status]).toEqual([path, 404])
  })

  it('sends what it is told, and hands the answer back', async () => {
    const { status, text } = await ask({ body: order('/x', { body: Buffer.from('{"a":1}').toString('base64') }) })
    expect(status).toBe(200)
    const answer = JSON.parse(text)
    expect(answer).toMatchObject({ status: 200, isCut: false, ms: expect.any(Number) })
    expect(JSON.parse(Buffer.from(answer.body, 'base64').toString())).toEqual({ method: 'POST', sig: 'x', body: '{"a":1}' })
  })

  it('shows redirects and does not follow them', async () => {
    const before = calls
    expect(JSON.parse((await ask({ body: order('/moved') })).text)).toMatchObject({ status: 302 })
    expect(calls).toBe(before + 1)
  })

  it.each([
    ['another page of the same browser', { origin: 'https://evil.example' }, 403],
    ['a page without an origin', { origin: 'null' }, 403],
    ['a page on another port', { origin: 'http://127.0.0.1:1' }, 403],
    ['a name that was rebound to this address', { host: 'evil.example:4569' }, 421],
    ['a name that was rebound, with its own origin', { host: 'evil.example', origin: 'http://evil.example' }, 421],
    ['no token', { 'x-countersign-token': '' }, 401],
    ['another token', { 'x-countersign-token': 'A'.repeat(32) }, 401],
    ['a form, as any page can post it', { 'content-type': 'text/plain' }, 415],
  ])('refuses %s, and sends nothing', async (_name, headers, status) => {
    const before = calls
    expect((await ask({ headers, body: order('/x') })).status).toBe(status)
    expect(calls).toBe(before)
  })

  it('refuses to be rebound for the page itself, too', async () => {
    expect((await ask({ path: '/', method: 'GET', headers: { host: 'evil.example' } })).status).toBe(421)
  })

  it.each([
    ['{', 'not JSON'],
    ['', 'not JSON'],
    ['null', 'method'],
    [JSON.stringify({ method: 'POST', url: 'file:///etc/passwd' }), 'URL'],
    [JSON.stringify({ method: 'post it', url: 'http://127.0.0.1/' }), 'method'],
    [JSON.stringify({ method: 'POST', url: 'http://127.0.0.1/', headers: { a: 1 } }), 'headers'],
    [JSON.stringify({ method: 'POST', url: 'http://127.0.0.1/', body: 1 }), 'body'],
  ])('answers %s with what is wrong', async (body, word) => {
    const { status, text } = await ask({ body })
    expect(status).toBe(400)
    expect(JSON.parse(text).error).toMatchObject({ code: 'request-malformed', message: expect.stringContaining(word) })
  })

  it('answers a request that is too large before it has come in, and goes on', async () => {
    const before = calls
    const { status, text } = await ask({ body: order('/x', { body: 'A'.repeat(16 * 1_048_576) }) })
    expect([status, JSON.parse(text).error.code]).toEqual([413, 'body-too-large'])
    expect(calls).toBe(before)
    expect((await ask({ body: order('/x') })).status).toBe(200)
  })

  it('tells when there is no answer, and goes on', async () => {
    const { status, text } = await ask({ body: JSON.stringify({ method: 'GET', url: 'http://127.0.0.1:1/', headers: {}, body: null }) })
    expect(status).toBe(502)
    expect(JSON.parse(text).error.code).toBe('network')
    expect((await ask({ body: order('/x') })).status).toBe(200)
  })

  it('stops sending when the page goes away', async () => {
    const closed = new Promise<void>(resolve => target.once('request', request => request.on('close', () => resolve())))
    const call = httpRequest(`${ui.origin}/api/send`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-countersign-token': token },
    })
    call.on('error', () => {})
    call.end(order('/hangs'))
    await new Promise(resolve => target.once('request', resolve))
    call.destroy()
    await closed
  })

  it('makes another token every time', async () => {
    const other = await startUi({ port: 0, directory })
    expect(new URL(other.url).hash).not.toBe(new URL(ui.url).hash)
    await other.close()
  })
})
