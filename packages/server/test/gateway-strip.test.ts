import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { carriesOf, createSigner, type Scheme } from 'countersign'
import { SCHEMES } from 'countersign/schemes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGateway, type KeyService, openKeyService } from '../src/index.ts'

const ORIGIN = 'https://api.example.com'
const ACTOR = { name: 'test', address: '' }
const folder = mkdtempSync(join(tmpdir(), 'countersign-strip-'))
let service: KeyService
let upstream: Server
/** What the upstream saw of the last request. */
let seen = { url: '', headers: [] as string[] }

beforeAll(async () => {
  service = await openKeyService({ store: join(folder, 'keys.db') })
  await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  upstream = createServer((request, response) => {
    seen = { url: request.url ?? '', headers: Object.keys(request.headers) }
    request.resume().on('end', () => response.end('ok'))
  })
  await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  upstream.closeAllConnections()
  upstream.close()
  await service.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Signs a call that the scheme's default takes, and sends it through a gateway. */
async function sendThrough(scheme: Scheme, keepSignature: boolean): Promise<number> {
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const hasPair = scheme.keys === 'key-pair'
  const made = await service.keys.create(ACTOR, 'acme', {
    name: scheme.name,
    scheme: scheme.name,
    ...(hasPair ? { publicKey: pair.publicKey } : {}),
  })
  const signer = createSigner(
    scheme,
    {
      keyId: made.key.id,
      ...(hasPair ? { privateKey: pair.privateKey } : { secret: made.secret ?? '' }),
      ...(made.passphrase === null ? {} : { passphrase: made.passphrase }),
    },
    // Amazon's schemes take these from the host, and this host is none of theirs.
    scheme.name.startsWith('aws-') ? { parameters: { service: 'execute-api', region: 'eu-west-1' } } : {},
  )
  const carries = new Set(carriesOf(scheme).map(({ in: place }) => place))
  const method = scheme.only.methods?.[0] ?? (carries.has('query') ? 'GET' : 'POST')
  const body = method === 'GET' ? undefined : carries.has('form') ? 'own=1' : '{"own":1}'
  const query = carries.has('form') ? '' : '?own=1'
  const signed = signer.sign({ method, url: `${ORIGIN}/orders${query}`, body, headers: { host: new URL(ORIGIN).host } })
  const gateway = createGateway({
    upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    origin: ORIGIN,
    service,
    routes: [{ path: '/', schemes: [scheme.name] }],
    keepSignature,
  })
  await new Promise<void>(resolve => gateway.server.listen(0, '127.0.0.1', resolve))
  try {
    return await new Promise<number>((resolve, reject) => {
      const { port } = gateway.server.address() as AddressInfo
      const headers = { ...signed.headers, host: new URL(ORIGIN).host, 'x-own': 'kept' }
      const path = signed.url.slice(ORIGIN.length)
      httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }, response => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0))
      })
        .on('error', reject)
        .end(signed.body)
    })
  } finally {
    await gateway.drain(100)
  }
}

const nameIn = (query: string): string => decodeURIComponent(query.split('=', 1)[0] ?? '')
const queryNames = (): readonly string[] => (seen.url.split('?', 2)[1] ?? '').split('&').map(nameIn)

// The gateway takes keys by their ids, so a scheme whose calls carry none has no place in it.
describe.each(SCHEMES.filter(({ keyId }) => keyId !== 'none').map(scheme => ({ scheme, name: scheme.name })))(
  'a call by $name',
  ({ scheme }) => {
    const carried = carriesOf(scheme).filter(({ in: place, name }) => place !== 'form' && name !== 'host')

    it('goes upstream without anything that its scheme carries', async () => {
      expect(await sendThrough(scheme, false)).toBe(200)
      const reached = carried.filter(({ in: place, name }) => (place === 'header' ? seen.headers : queryNames()).includes(name))
      expect(reached).toEqual([])
      expect(seen.headers).toContain('x-own')
      expect(seen.url).toMatch(/^\/orders(\?own=1)?$/)
    })

    it('goes upstream with all of it where the gateway keeps signatures', async () => {
      expect(await sendThrough(scheme, true)).toBe(200)
      const missing = carried.filter(
        ({ in: place, name, required }) => required && !(place === 'header' ? seen.headers : queryNames()).includes(name),
      )
      expect(missing).toEqual([])
    })
  },
)
