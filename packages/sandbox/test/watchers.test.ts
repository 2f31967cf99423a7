import { qredoV2 } from 'countersign/schemes'
import { describe, expect, it, vi } from 'vitest'
import { V2_BASE } from '../src/index.ts'
import { cleanUp, clientOf, demoKey, start } from './sandbox.ts'

cleanUp()

type Watcher = () => unknown

/** Every watcher of the sandbox, each called once at least. */
const WATCHERS: { readonly [name: string]: (watcher: Watcher) => Promise<unknown> } = {
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

describe.each(Object.keys(WATCHERS))('a watcher: %s', name => {
  it.each<readonly [string, Watcher]>([
    [
      'throws',
      () => {
        throw new Error('the log is away')
      },
    ],
    ['rejects', async () => Promise.reject(new Error('the log is away'))],
  ])('that %s changes nothing, and does not end the process', async (_what, watcher) => {
    const unhandled = vi.fn()
    const watched = vi.fn(watcher)
    process.on('unhandledRejection', unhandled)
    process.on('uncaughtException', unhandled)
    try {
      await WATCHERS[name]?.(watched)
      await new Promise(setImmediate)
    } finally {
      process.off('unhandledRejection', unhandled)
      process.off('uncaughtException', unhandled)
    }
    expect(watched).toHaveBeenCalled()
    expect(unhandled).not.toHaveBeenCalled()
  })
})
