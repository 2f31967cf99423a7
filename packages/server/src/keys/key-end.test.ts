import { describe, expect, it } from 'vitest'
import { endOfKey } from './key-end.ts'

const NOW = Date.parse('2026-11-28T00:00:00Z')
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

describe('the end of a key, in a list', () => {
  it.each([
    [31 * DAY_MS, undefined],
    [30 * DAY_MS + 1, undefined],
    [30 * DAY_MS, 'ends in 30 days'],
    [2 * DAY_MS, 'ends in 2 days'],
    [DAY_MS + 1, 'ends in 2 days'],
    [DAY_MS, 'ends in 1 day'],
    [DAY_MS - 1, 'ends in 24 hours'],
    [HOUR_MS + 1, 'ends in 2 hours'],
    [HOUR_MS, 'ends in 1 hour'],
    [HOUR_MS - 1, 'ends in 60 minutes'],
    [1, 'ends in 1 minute'],
    [0, 'ended 1 minute ago'],
    [-5 * MINUTE_MS, 'ended 5 minutes ago'],
    [-3 * HOUR_MS, 'ended 3 hours ago'],
    [-DAY_MS - 1, 'ended 1 day ago'],
    [-DAY_MS, 'ended 1 day ago'],
    [-400 * DAY_MS, 'ended 400 days ago'],
  ])('is, with %i ms left: %s', (leftMs, text) => {
    const expiresAt = new Date(NOW + leftMs).toISOString()
    const state = leftMs > 0 ? 'active' : 'expired'
    expect(endOfKey({ expiresAt, state }, NOW)).toBe(text)
    expect(endOfKey({ expiresAt, state: 'disabled' }, NOW)).toBe(text)
    expect(endOfKey({ expiresAt, state: 'revoked' }, NOW)).toBeUndefined()
  })

  it('is not told of a key without one', () => {
    expect(endOfKey({ expiresAt: null, state: 'active' }, NOW)).toBeUndefined()
  })
})
