import { createKey, createSigner, createVerifier } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { describe, expect, it } from 'vitest'
import { type CachedKeysOptions, cachedKeys } from './key-source.ts'
import type { OpenedKey } from './open-key.ts'

const secret = Buffer.alloc(32, 7)
const openedKey = (id: string, goodUntilMs = Number.POSITIVE_INFINITY): OpenedKey => ({
  key: createKey(qredoV1, { id, secret, permissions: [] }),
  goodUntilMs,
})

/** A store that counts, and that can be held up or taken away. */
function setUp(options: Partial<CachedKeysOptions> = {}) {
  let now = 1_000_000
  let loads = 0
  let isAway = false
  let release: (() => void) | undefined
  let held: Promise<void> | undefined
  const state = new Map<string, OpenedKey>([['k', openedKey('k')]])
  const source = cachedKeys({
    now: () => now,
    async open(id) {
      loads++
      const found = state.get(id)
      await held
      if (isAway) throw new Error('the store is away')
      return found
    },
    ...options,
  })
  return {
    source,
    state,
    loads: () => loads,
    pass(ms: number) {
      now += ms
    },
    away(is: boolean) {
      isAway = is
    },
    hold() {
      held = new Promise(resolve => {
        release = resolve
      })
    },
    release() {
      release?.()
      held = undefined
    },
  }
}

describe('cachedKeys', () => {
  it('serves a known key at once while the store is known to be away, and looks for it behind that, once at a time', async () => {
    const { source, loads, pass, away, hold, release } = setUp({ maxAgeMs: 1000, graceMs: 10_000 })
    const first = await source.find('k')
    pass(1000)
    away(true)
    expect(await source.find('k')).toBe(first)
    expect(loads()).toBe(2)
    // The store hangs: a call must not wait until it is given up.
    hold()
    for (let call = 0; call < 5; call++) expect(source.find('k')).toBe(first)
    expect(loads()).toBe(3)
    expect(source.counts.stale).toBe(6)
    away(false)
    release()
    await expect
      .poll(() => {
        void source.find('k')
        return source.counts.hits
      })
      .toBeGreaterThan(0)
    // And never beyond the grace.
    away(true)
    pass(11_000)
    await expect(Promise.resolve(source.find('k'))).rejects.toThrow('away')
    await expect(Promise.resolve(source.find('k'))).rejects.toThrow('away')
  })

  it('goes by a clock for ages that nobody sets: put back, the system’s makes nothing new', async () => {
    let age = 0
    const { source, loads, pass } = setUp({ maxAgeMs: 1000, age: () => age })
    await source.find('k')
    pass(-3_600_000)
    age = 1000
    await source.find('k')
    expect(loads()).toBe(2)
  })

  it('asks the store once for a key, and again when it has aged', async () => {
    const { source, loads, pass } = setUp({ maxAgeMs: 1000 })
    await source.find('k')
    await source.find('k')
    expect(loads()).toBe(1)
    pass(1000)
    await source.find('k')
    expect(loads()).toBe(2)
  })

  it('loads once, however many wait', async () => {
    const { source, loads, hold, release } = setUp()
    hold()
    const all = Array.from({ length: 500 }, () => source.find('k'))
    release()
    expect(new Set(await Promise.all(all)).size).toBe(1)
    expect(loads()).toBe(1)
  })

  it('does not keep what was changed while it was loaded', async () => {
    const { source, state, hold, release, loads } = setUp()
    hold()
    const found = source.find('k')
    const changed = openedKey('k')
    state.set('k', changed)
    source.forget('k')
    release()
    expect(await found).toBe(changed.key)
    expect(await source.find('k')).toBe(changed.key)
    expect(loads()).toBe(2)
  })

  it('reads a key again when one of its secrets ends', async () => {
    const { source, state, pass, loads } = setUp()
    state.set('k', openedKey('k', 1_000_500))
    await source.find('k')
    pass(499)
    await source.find('k')
    expect(loads()).toBe(1)
    pass(1)
    await source.find('k')
    expect(loads()).toBe(2)
  })

  it('remembers unknown ids for a moment, and no more of them than it may', async () => {
    const { source, state, loads, pass } = setUp({ unknownAgeMs: 100, maxUnknown: 10, maxKeys: 10 })
    for (let count = 0; count < 1000; count++) await source.find(`stranger-${count}`)
    expect(source.size).toBe(10)
    await source.find('stranger-999')
    expect(loads()).toBe(1000)
    state.set('stranger-999', openedKey('stranger-999'))
    pass(100)
    expect((await source.find('stranger-999'))?.id).toBe('stranger-999')
    for (let count = 0; count < 100; count++) state.set(`key-${count}`, openedKey(`key-${count}`))
    for (let count = 0; count < 100; count++) await source.find(`key-${count}`)
    expect(source.size).toBeLessThanOrEqual(20)
  })

  it('serves known keys for a grace when the store is away, and then refuses with 503', async () => {
    const { source, away, pass, state } = setUp({ maxAgeMs: 1000, graceMs: 5000 })
    const clock = Date.now()
    const verifier = createVerifier(qredoV1, { origin: 'https://a.example', keys: source, clock: () => clock, replay: 'off' })
    const ask = async (keyId: string): Promise<string> => {
      const { headers } = createSigner(qredoV1, { keyId, secret }, { clock: () => clock }).sign({
        method: 'GET',
        url: 'https://a.example/',
      })
      const result = await verifier.verify({ method: 'GET', target: '/', headers })
      return result.ok ? 'ok' : result.failure.code
    }
    expect(await ask('k')).toBe('ok')
    away(true)
    pass(5999)
    expect(await ask('k')).toBe('ok')
    expect(await ask('never-seen')).toBe('key-source-unavailable')
    pass(1)
    expect(await ask('k')).toBe('key-source-unavailable')
    away(false)
    expect(await ask('k')).toBe('ok')
    // What was changed is not served from before, not even in the grace.
    away(true)
    source.forget('k')
    expect(await ask('k')).toBe('key-source-unavailable')
    away(false)
    state.delete('k')
    pass(10_000)
    expect(await ask('k')).toBe('unknown-key')
  })

  it('knows keys of one scheme only, where it is asked for one', async () => {
    const { source } = setUp()
    expect((await source.ofScheme('qredo-v1').find('k'))?.id).toBe('k')
    expect(await source.ofScheme('stripe').find('k')).toBeUndefined()
    expect(source.ofScheme('stripe').find('k')).toBeUndefined()
  })
})
