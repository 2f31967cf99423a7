import { createFingerprinter } from '../crypto/fingerprint.ts'

/** Slices of time are whole numbers from 1 to this, which never ends. */
export const NEVER = 0xffffffff

/**
 * Fingerprints of ids, each with the slice of time in which it ends. What has ended is as good as not there, and makes
 * room.
 */
export interface ReplayTable {
  /**
   * Whether the id is there and has not ended; if not, and if there is room, it is from now on.
   *
   * @param end its last slice
   * @param now the present one
   */
  claim(id: string, end: number, now: number, hasRoom: boolean): 'fresh' | 'seen' | 'full'
}

/** So many small tables grow one after the other, each in well under a millisecond. A power of two. */
const SHARDS = 64
const FIRST_SLOTS = 16
/** How full a table may be, and how full it is made when it is made anew. */
const MOST_FULL = 0.7
const FULL_ANEW = 0.5

/** A table of open addressing: of each slot the two words of the fingerprint and the end, 0 where nothing ever was. */
interface Shard {
  slots: Int32Array
  mask: number
  /** Slots that hold something, ended or not. */
  used: number
}

export function createReplayTable(): ReplayTable {
  const seed = globalThis.crypto.getRandomValues(new Int32Array(2))
  const fingerprint = createFingerprinter([seed[0] ?? 0, seed[1] ?? 0])
  const print = { low: 0, high: 0 }
  const shards = Array.from({ length: SHARDS }, () => emptyShard(FIRST_SLOTS))

  return {
    claim(id, end, now, hasRoom) {
      fingerprint(id, print)
      const { low, high } = print
      const shard = shards[high & (SHARDS - 1)] as Shard
      const { slots, mask } = shard
      let free = -1
      for (let slot = low & mask; ; slot = (slot + 1) & mask) {
        const at = slot * 3
        const ends = (slots[at + 2] as number) >>> 0
        if (ends < now) {
          if (free === -1) free = at
          // Nothing was ever pushed on from a slot that nothing was in.
          if (ends === 0) break
        } else if (slots[at] === low && slots[at + 1] === high) return 'seen'
      }
      if (!hasRoom) return 'full'
      if (slots[free + 2] === 0) shard.used++
      put(slots, free, low, high, end)
      if (shard.used > (mask + 1) * MOST_FULL) renew(shard, now)
      return 'fresh'
    },
  }
}

function emptyShard(size: number): Shard {
  return { slots: new Int32Array(size * 3), mask: size - 1, used: 0 }
}

function put(slots: Int32Array, at: number, low: number, high: number, end: number): void {
  slots[at] = low
  slots[at + 1] = high
  slots[at + 2] = end
}

/** Leaves out what has ended, and makes room for the others. */
function renew(shard: Shard, now: number): void {
  const { slots: old } = shard
  const isLive = (at: number): boolean => (old[at + 2] as number) >>> 0 >= now
  let live = 0
  for (let at = 0; at < old.length; at += 3) if (isLive(at)) live++
  let size = FIRST_SLOTS
  while (live > size * FULL_ANEW) size *= 2
  const { slots, mask } = Object.assign(shard, emptyShard(size), { used: live })
  for (let at = 0; at < old.length; at += 3) {
    if (!isLive(at)) continue
    const low = old[at] as number
    let slot = low & mask
    while (slots[slot * 3 + 2] !== 0) slot = (slot + 1) & mask
    put(slots, slot * 3, low, old[at + 1] as number, old[at + 2] as number)
  }
}
