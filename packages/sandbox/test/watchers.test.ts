import { qredoV2 } from 'countersign/schemes'
import { expect, vi } from 'vitest'
import { tryWatchers, type Watchers } from '../../server/test/try-watchers.ts'
import { V2_BASE } from '../src/index.ts'
import { cleanUp, clientOf, demoKey, start } from './sandbox.ts'

cleanUp()

/** Every watcher of the sandbox, each called once at least. */
const WATCHERS: Watchers = {
  async 'onRefused of signed calls'(watcher) {
    const { origin } = await start({ onRefused: watcher })
    expect((await fetch(`${origin}/qapi/v1/balance`)).status).toBe(401)
  },
  async 'onRefused of calls with a token'(watcher) {
    const sandbox = await start({ onRefused: watcher })
    const { id, secret } = demoKey(sandbox, 'demo-balance')
    const { body } = await clientOf(sandbox, id, secret, qredoV2, V2_BASE)('GET', `/workspaces/${sandbox.workspaceId}/token`)
    const answer = await fetch(`${sandbox.origin}${V2_BASE}/account`, { headers: { 'x-token': String(body['token']) } })
    expect(answer.status).toBe(403)
  },
  async 'onError of the APIs'(watcher) {
    const { origin, store } = await start({ onError: watcher })
    await store.schema.dropTable('token_key').execute()
    expect((await fetch(`${origin}/.well-known/jwks.json`)).status).toBe(500)
  },
  async 'onError of the feed'(watcher) {
    const onError = vi.fn(watcher)
    const { feed, store } = await start({ onError })
    await store.schema.dropTable('web3_transaction_event').execute()
    feed.changed()
    await vi.waitFor(() => expect(onError).toHaveBeenCalled(), 10_000)
  },
}

tryWatchers(WATCHERS)
