import { describe, expect, it, vi } from 'vitest'
import { explainRefusals } from '../explain/explain-refusals.ts'
import { memoryKeys } from '../keys/key.ts'
import { memoryReplayGuard } from '../replay/replay.ts'
import { qredoV1 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { deprecated } from '../verify/deprecation.ts'
import { createVerifier } from '../verify/verify.ts'
import { tell } from './tell.ts'

const secret = Buffer.alloc(60, 5).toString('base64')
const keys = memoryKeys(qredoV1, [{ id: 'k', secret }])
const ORIGIN = 'https://api.example.com'

type Watcher = () => unknown

/** Every watcher of the library, each called once at least. */
const WATCHERS: { readonly [name: string]: (watcher: Watcher) => Promise<unknown> } = {
  tell: async watcher => tell(watcher),
  async onExplained(watcher) {
    const onExplained = vi.fn(watcher)
    const verifier = createVerifier(qredoV1, { origin: ORIGIN, keys, onRefused: explainRefusals({ scheme: qredoV1, keys, onExplained }) })
    await verifier.verify({ method: 'GET', target: '/y', headers: signed('/x') })
    await vi.waitFor(() => expect(onExplained).toHaveBeenCalled(), 10_000)
  },
  async onNearlyFull(watcher) {
    const guard = memoryReplayGuard({ maxBytes: 1000, onNearlyFull: watcher })
    for (let id = 0; id < 100; id++) guard.claim({ id: `call ${id}`, keyId: 'k', expiresAtMs: Date.now() + 1000 })
    expect(guard.usage().claims).toBeGreaterThan(0)
  },
  async onUsed(watcher) {
    const verifier = deprecated(
      createVerifier(qredoV1, { origin: ORIGIN, keys }),
      { since: '2020-01-01' },
      { what: 'scheme', onUsed: watcher },
    )
    expect(await verifier.verify({ method: 'GET', target: '/x', headers: signed('/x') })).toMatchObject({ ok: true })
  },
  async 'onRefused of a deprecation'(watcher) {
    const deprecation = { since: '2020-01-01', sunset: '2021-01-01' }
    const verifier = deprecated(createVerifier(qredoV1, { origin: ORIGIN, keys }), deprecation, { what: 'scheme', onRefused: watcher })
    const result = await verifier.verify({ method: 'GET', target: '/x', headers: signed('/x') })
    expect(result).toMatchObject({ ok: false, failure: { code: 'scheme-retired' } })
  },
  async 'onRefused of a verifier'(watcher) {
    const verifier = createVerifier(qredoV1, { origin: ORIGIN, keys, onRefused: watcher })
    expect(await verifier.verify({ method: 'GET', target: '/y', headers: signed('/x') })).toMatchObject({ ok: false })
  },
}

const signed = (path: string) => createSigner(qredoV1, { keyId: 'k', secret }).sign({ method: 'GET', url: ORIGIN + path }).headers

describe.each(Object.keys(WATCHERS))('a watcher: %s', name => {
  it.each<readonly [string, Watcher]>([
    [
      'throws',
      () => {
        throw new Error('the log is away')
      },
    ],
    ['rejects', async () => Promise.reject(new Error('the log is away'))],
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried
    ['gives a thenable that rejects', () => ({ then: () => Promise.reject(new Error('the log is away')) })],
    [
      'gives a thenable that throws',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: that is what is tried
        then() {
          throw new Error('the log is away')
        },
      }),
    ],
  ])('that %s changes nothing, and does not end the process', async (_what, watcher) => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    await WATCHERS[name]?.(watcher)
    await new Promise(setImmediate)
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('is called', async () => {
    let calls = 0
    await WATCHERS[name]?.(() => calls++)
    expect(calls).toBeGreaterThan(0)
  })
})
