import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGateway, type Gateway, type KeyService, openKeyService } from '../src/index.ts'
import { NAMES, PATHS } from './spellings.ts'
import { talk } from './talk.ts'
import { isHere, type RealUpstream, type Served, UPSTREAMS } from './upstreams.ts'

const ORIGIN = 'https://api.example.com'
const folder = mkdtempSync(join(tmpdir(), 'countersign-upstreams-'))
let service: KeyService
let key = { keyId: '', secret: '' }
let signedCalls = 0

beforeAll(async () => {
  service = await openKeyService({ store: join(folder, 'keys.db') })
  const actor = { name: 'test', address: '' }
  await service.administrators.createOrganisation(actor, { id: 'acme', name: 'Acme', kind: 'organisation' })
  const made = await service.keys.create(actor, 'acme', { name: 'k', permissions: ['balance'] })
  key = { keyId: made.key.id, secret: made.secret ?? '' }
})
afterAll(async () => {
  await service.close()
  rmSync(folder, { recursive: true, force: true })
})

/** By hand: the library's signer refuses most of these URLs. */
function signed(path: string): string {
  const timestamp = `${Date.now()}${String(signedCalls++).padStart(6, '0')}`
  const signature = createHmac('sha256', Buffer.from(key.secret, 'base64')).update(`${timestamp}GET${ORIGIN}${path}`).digest('base64url')
  return `qredo-api-key: ${key.keyId}\r\nqredo-api-ts: ${timestamp}\r\nqredo-api-sig: ${signature}\r\n`
}

/** What an upstream served, or the status of an answer that is not its own. */
async function get(origin: string, path: string, headers: string): Promise<Served | string> {
  const { text, ended } = talk(Number(new URL(origin).port), `GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${headers}\r\n`)
  await ended
  const [, json] = /(\{"admin":.*\})/s.exec(text()) ?? /(\{"headers":.*\}|\{"admin".*\})/s.exec(text()) ?? []
  return json === undefined ? text().slice(0, 12) : (JSON.parse(json) as Served)
}

const missing = Object.keys(UPSTREAMS).filter(name => !isHere(name))
for (const name of missing) it.skip(`behind the gateway (needs ${name})`, () => undefined)

describe.each(Object.keys(UPSTREAMS).filter(isHere))('behind the gateway, %s', name => {
  let upstream: RealUpstream
  let gateway: Gateway
  let origin = ''

  beforeAll(async () => {
    upstream = await (UPSTREAMS[name] as (folder: string) => Promise<RealUpstream>)(folder)
    gateway = createGateway({
      upstream: upstream.origin,
      origin: ORIGIN,
      service,
      // The least that can be refused: what is written so is looked at for what it means.
      allow: ['dot-segments', 'double-slashes'],
      routes: [
        { path: '/', schemes: ['qredo-v1'] },
        { path: '/admin', schemes: ['qredo-v1'], permission: ['root'] },
        { path: '/v1/admin', schemes: ['qredo-v1'], permission: ['root'] },
      ],
    })
    gateway.server.listen(0, '127.0.0.1')
    await once(gateway.server, 'listening')
    origin = `http://127.0.0.1:${(gateway.server.address() as AddressInfo).port}`
  }, 120_000)
  afterAll(async () => {
    await gateway.drain(100)
    await upstream.close()
  })

  it(`serves in ${PATHS.length} spellings nothing to a key that may not have it`, async () => {
    const direct = new Set<string>()
    const reached: string[] = []
    let refused = 0
    for (const path of PATHS) {
      const asIs = await get(upstream.origin, path, '')
      if (typeof asIs === 'object' && asIs.admin) direct.add(path)
      const behind = await get(origin, path, signed(path))
      if (typeof behind === 'object' && behind.admin) reached.push(path)
      if (typeof behind === 'string' && /40[0-4]$/.test(behind)) refused++
    }
    console.log(JSON.stringify({ upstream: name, spellings: PATHS.length, asIs: direct.size, refused, reached: reached.length }))
    expect(PATHS.length).toBeGreaterThanOrEqual(60)
    expect(reached).toEqual([])
    // Some of them it does take for the guarded path.
    expect(direct.size).toBeGreaterThan(0)
    const plain = await get(origin, '/public-things', signed('/public-things'))
    expect(plain).toMatchObject({ admin: false })
  }, 60_000)

  it(`is told who calls by us alone, in ${NAMES.length} spellings of a client's headers`, async () => {
    expect(NAMES.length).toBeGreaterThanOrEqual(40)
    for (const spelling of NAMES) {
      const served = await get(origin, '/x', `${spelling}: forged\r\n${signed('/x')}`)
      expect([spelling, served]).toEqual([spelling, expect.objectContaining({ admin: false })])
      const { headers } = served as Served
      expect([spelling, Object.entries(headers).filter(([, value]) => value.includes('forged'))]).toEqual([spelling, []])
      expect(headers).toMatchObject({
        HTTP_X_COUNTERSIGN_KEY: key.keyId,
        HTTP_X_COUNTERSIGN_PERMISSIONS: 'balance',
        HTTP_X_COUNTERSIGN_WALLET: '',
        HTTP_X_FORWARDED_FOR: '127.0.0.1',
      })
    }
    const direct = await get(upstream.origin, '/x', 'X-Countersign-Permissions: forged\r\n')
    expect(direct).toMatchObject({ headers: { HTTP_X_COUNTERSIGN_PERMISSIONS: 'forged' } })
  }, 60_000)
})
