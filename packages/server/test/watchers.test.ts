import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway, type KeyService, listen, openKeyService, redisReplayGuard } from '@countersign/server'
import { createSigner } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterEach, expect, vi } from 'vitest'
import { tryWatchers, type Watcher, type Watchers } from './try-watchers.ts'

type GatewayWatcher = 'onFinished' | 'onError' | 'onReplayNearlyFull'

const ORIGIN = 'https://api.example.com'
const ACTOR = { name: 'test', address: '' }
const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function openService(onError?: Watcher): Promise<KeyService> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-watchers-'))
  const service = await openKeyService({ store: join(folder, 'keys.db'), pollMs: 10, flushMs: 1e6, onError })
  cleanups.push(() => rmSync(folder, { recursive: true }))
  cleanups.push(() => service.close().catch(() => undefined))
  return service
}

/** A gateway that passes a signed call, after which its guard is full, and whose key source then goes away. */
async function callGateway(watchers: { readonly [name in GatewayWatcher]?: Watcher }): Promise<readonly number[]> {
  const service = await openService()
  await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  const { key, secret } = await service.keys.create(ACTOR, 'acme', { name: 'one' })
  const upstream = createServer((_request, response) => response.end('ok'))
  let isAway = false
  const source: KeyService['source'] = {
    ...service.source,
    ofScheme: (...names) => ({
      async find(id) {
        if (isAway) throw new Error('the store is away')
        return service.source.ofScheme(...names).find(id)
      },
    }),
  }
  const gateway = createGateway({
    upstream: `http://127.0.0.1:${await listen(upstream, 0, '127.0.0.1')}`,
    origin: ORIGIN,
    service: { ...service, source },
    maxReplayBytes: 32,
    ...watchers,
  })
  cleanups.push(() => upstream.close())
  cleanups.push(() => gateway.drain(0))
  const port = await listen(gateway.server, 0, '127.0.0.1')
  const send = async (path: string): Promise<number> => {
    const { headers } = createSigner(qredoV1, { keyId: key.id, secret: secret ?? '' }).sign({ method: 'GET', url: ORIGIN + path })
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: headers as Record<string, string> })
    await answer.text()
    return answer.status
  }
  const passed = await send('/one')
  isAway = true
  return [passed, await send('/two')]
}

const gatewayPasses = (name: GatewayWatcher) => async (watcher: Watcher) =>
  expect(await callGateway({ [name]: watcher })).toEqual([200, 503])

/** Every watcher of the server, each called once at least. */
const WATCHERS: Watchers = {
  'onFinished of a gateway': gatewayPasses('onFinished'),
  'onError of a gateway': gatewayPasses('onError'),
  'onReplayNearlyFull of a gateway': gatewayPasses('onReplayNearlyFull'),
  async 'onError of a guard in Redis'(watcher) {
    const onError = vi.fn(watcher)
    // Nothing listens there.
    const guard = redisReplayGuard({ redis: 'redis://127.0.0.1:1', onError })
    cleanups.push(() => guard.close())
    await vi.waitFor(() => expect(onError).toHaveBeenCalled(), 10_000)
  },
  async 'onError of a key store: what was used'(watcher) {
    const service = await openService(watcher)
    await service.database.close()
    service.lastUsed.used('k', 'qredo-v1')
    await service.lastUsed.flush()
  },
  async 'onError of a key store: what was refused'(watcher) {
    const service = await openService(watcher)
    await service.database.close()
    service.refusals.adminRefused('token-wrong', { method: 'GET', target: '/', address: '' })
    await service.refusals.flush()
  },
  async 'onError of a key store: changes of keys'(watcher) {
    const onError = vi.fn(watcher)
    const service = await openService(onError)
    await service.database.close()
    await vi.waitFor(() => expect(onError).toHaveBeenCalled(), 10_000)
  },
  async 'onError of the admin API'(watcher) {
    const service = await openService(watcher)
    await service.database.close()
    const answer = await (await service.loadAdminApp()).fetch(
      new Request('http://x/admin/v1/keys', { headers: { authorization: `Bearer csa_${'a'.repeat(12)}_${'b'.repeat(43)}` } }),
    )
    expect(answer.status).toBeGreaterThanOrEqual(500)
  },
}

tryWatchers(WATCHERS)
