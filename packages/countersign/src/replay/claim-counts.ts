/**
 * Keys counted in each slice of time. A key with more than a 33rd of a slice's claims is among them, which
 * is enough to see that one has half of all.
 */
const COUNTED_KEYS = 32

/** The claims that end in one slice of time. */
interface Slice {
  claims: number
  readonly byKey: Map<string, number>
  /** Total of all decrements: a key's true count is at most its counter plus this. */
  lowered: number
}

/** How many claims are remembered, and whose, in bounded memory however many keys there are. */
export interface ClaimCounts {
  readonly size: number
  /** @param end the slice of time in which the claim ends */
  add(keyId: string, end: number): void
  /** Forgets the slices before this one. */
  dropBefore(slice: number): void
  /** At least as many as the key has; above that by at most a 33rd of all. */
  mostOf(keyId: string): number
  /** Whether every claim is this key's. */
  isAlone(keyId: string): boolean
  /** The key with the most claims. */
  readonly busiestKeyId: string | undefined
}

/**
 * Counts the frequent keys of each slice as Misra and Gries do: a key beyond the counted ones lowers every count by
 * one.
 *
 * @see J. Misra, D. Gries, Finding repeated elements, Science of Computer Programming 2 (1982)
 */
export function createClaimCounts(): ClaimCounts {
  const slices = new Map<number, Slice>()
  const totals = new Map<string, number>()
  let size = 0
  let lowered = 0

  function raise(keyId: string, by: number): void {
    const total = (totals.get(keyId) ?? 0) + by
    if (total > 0) totals.set(keyId, total)
    else totals.delete(keyId)
  }

  function lowerAll(slice: Slice): void {
    slice.lowered++
    lowered++
    for (const [keyId, count] of slice.byKey) {
      if (count === 1) slice.byKey.delete(keyId)
      else slice.byKey.set(keyId, count - 1)
      raise(keyId, -1)
    }
  }

  return {
    get size() {
      return size
    },
    get busiestKeyId() {
      let busiest: string | undefined
      let most = 0
      for (const [keyId, total] of totals) {
        if (total <= most) continue
        busiest = keyId
        most = total
      }
      return busiest
    },
    add(keyId, end) {
      let slice = slices.get(end)
      if (slice === undefined) {
        slice = { claims: 0, byKey: new Map(), lowered: 0 }
        slices.set(end, slice)
      }
      slice.claims++
      size++
      const own = slice.byKey.get(keyId)
      if (own === undefined && slice.byKey.size >= COUNTED_KEYS) return lowerAll(slice)
      slice.byKey.set(keyId, (own ?? 0) + 1)
      raise(keyId, 1)
    },
    dropBefore(now) {
      for (const [end, slice] of slices) {
        if (end >= now) continue
        slices.delete(end)
        size -= slice.claims
        lowered -= slice.lowered
        for (const [keyId, count] of slice.byKey) raise(keyId, -count)
      }
    },
    mostOf: keyId => (totals.get(keyId) ?? 0) + lowered,
    isAlone: keyId => (totals.get(keyId) ?? 0) === size,
  }
}
