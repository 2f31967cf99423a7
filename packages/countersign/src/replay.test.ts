import { describe, expect, it } from 'vitest'
import { memoryReplayGuard } from './replay.ts'

describe('memoryReplayGuard', () => {
  it('knows what it has seen until its window is over, and then lets it go', () => {
    let now = 1_000_000
    const guard = memoryReplayGuard({ clock: () => now })
    expect(guard.claim('a', now + 10_000)).toBe('fresh')
    expect(guard.claim('a', now + 10_000)).toBe('seen')
    expect(guard.claim('a', now + 20_000)).toBe('seen')
    now += 9_999
    expect(guard.claim('a', 0)).toBe('seen')
    expect(guard.size).toBe(1)
    now += 2_000
    expect(guard.claim('b', now + 1)).toBe('fresh')
    expect(guard.size).toBe(1)
  })

  it('refuses rather than forgets when it is full, and takes on again when there is room', () => {
    let now = 1_000_000
    const guard = memoryReplayGuard({ maxEntries: 2, clock: () => now })
    expect(guard.claim('a', now + 5_000)).toBe('fresh')
    expect(guard.claim('b', now + 5_000)).toBe('fresh')
    expect(guard.claim('c', now + 5_000)).toBe('full')
    expect(guard.claim('a', now + 5_000)).toBe('seen')
    expect(guard.size).toBe(2)
    now += 7_000
    expect(guard.claim('c', now + 5_000)).toBe('fresh')
  })

  it('holds on to what never ends', () => {
    let now = 0
    const guard = memoryReplayGuard({ clock: () => now })
    guard.claim('nonce', Number.POSITIVE_INFINITY)
    now = Number.MAX_SAFE_INTEGER
    expect(guard.claim('nonce', Number.POSITIVE_INFINITY)).toBe('seen')
  })

  it('survives a clock that is set back', () => {
    let now = 1_000_000
    const guard = memoryReplayGuard({ clock: () => now })
    guard.claim('a', now + 10_000)
    now -= 500_000
    expect(guard.claim('a', now + 10_000)).toBe('seen')
  })
})
