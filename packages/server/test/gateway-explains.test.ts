import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterEach, describe, expect, it } from 'vitest'
import { createGateway, type Gateway, type KeyService, openKeyService } from '../src/index.ts'
import { readAudit } from '../src/store.ts'

const ORIGIN = 'https://api.example.com'
const ACTOR = { name: 'test', address: '' }
const ended: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end()
})

async function start(
  explainRefusals: boolean | undefined,
): Promise<{ gateway: Gateway; service: KeyService; call: () => Promise<Response> }> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-explains-'))
  ended.push(() => rmSync(folder, { recursive: true }))
  // What explains a refusal comes with the entry of the next minute.
  let now = Date.now()
  const service = await openKeyService({ store: join(folder, 'keys.db'), flushMs: 20, clock: () => (now += 30_000) })
  ended.push(() => service.close())
  await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  const { key, secret } = await service.keys.create(ACTOR, 'acme', { name: 'k' })
  const gateway = createGateway({ upstream: 'http://127.0.0.1:9', origin: ORIGIN, service, explainRefusals })
  ended.push(() => gateway.drain(0))
  gateway.server.listen(0, '127.0.0.1')
  await once(gateway.server, 'listening')
  const { port } = gateway.server.address() as AddressInfo
  // The query is added once it is signed.
  const { headers } = createSigner(qredoV1, { keyId: key.id, secret: secret ?? '' }).sign({ method: 'GET', url: `${ORIGIN}/x` })
  return { gateway, service, call: () => fetch(`http://127.0.0.1:${port}/x?added=1`, { headers }) }
}

async function causesOf(service: KeyService): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { action, detail } of readAudit(service.database.db))
    if (action === 'request.refused') for (const { code } of (detail['causes'] ?? []) as readonly { code: string }[]) found.push(code)
  return found
}

describe('a gateway that explains refusals', () => {
  it('says to the owner of the key why a signature does not match, and to the caller only that it does not', async () => {
    const { service, call } = await start(true)
    const answer = await call()
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([401, 'bad-signature'])
    await expect.poll(() => causesOf(service), { timeout: 20_000 }).toContain('url-without-query')
  })

  it('does so only when it is told to', async () => {
    const { gateway, service, call } = await start(undefined)
    expect((await call()).status).toBe(401)
    await gateway.drain(0)
    await service.refusals.close()
    expect(await causesOf(service)).toEqual([])
  })
})
