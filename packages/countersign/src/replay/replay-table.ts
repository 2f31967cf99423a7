import { createFingerprinter, type Fingerprinter } from './fingerprint.ts'

/** Slices of time are whole numbers from 1 to this, which never ends. */
export const NEVER = 0xffffffff

/**
 * Fingerprints of ids, each with the slice of time in which it ends. Expired entries count as free.
 */
export interface ReplayTable {
  /**
   * Whether the id is there and has not ended; if not, and if there is room, it is from now on.
   *
   * @param end its last slice
   * @param now the present one
   */
  claim(id: string, end: number, now: number, hasRoom: boolean): 'fresh' | 'seen' | 'full'
  /** Gives back memory that is no longer needed, of this many shards. */
  tidy(now: number, shards: number): void
  readonly bytesUsed: number
}

/** Most shards: small tables that grow one after the other, each in about a millisecond at most. A power of two. */
const MOST_SHARDS = 64
/** A shard has at least this many bytes, unless it is the only one. */
const LEAST_SHARD_BYTES = 49_152
const FIRST_SLOTS = 16
const SLOT_BYTES = 12
/** Rehash above 70 % load; a new table starts at 50 % at most. */
const MOST_FULL = 0.7
const FULL_ANEW = 0.5
/** A table that may not grow any more is filled further. */
const MOST_FULL_AT_LAST = 0.85

/** Bytes that hold one id. */
export const LEAST_TABLE_BYTES = Math.ceil(1 / MOST_FULL_AT_LAST) * SLOT_BYTES

/** A table of open addressing: each slot has the two words of the fingerprint and the end. 0: never used. */
interface Shard {
  slots: Int32Array
  /** Slots that hold something, ended or not. */
  used: number
  /** Slice of the last rehash. */
  renewed: number
}

interface Layout {
  readonly shards: number
  /** Of one shard. */
  readonly mostSlots: number
  /** Of all. */
  readonly maxClaims: number
}

/** How memory of `maxBytes` is divided, and how many ids fit into it. */
export function layOutReplayTable(maxBytes: number): Layout {
  let shards = 1
  while (shards < MOST_SHARDS && maxBytes >= shards * 2 * LEAST_SHARD_BYTES) shards *= 2
  const mostSlots = Math.floor(maxBytes / shards / SLOT_BYTES)
  return { shards, mostSlots, maxClaims: shards * mostUsed(mostSlots, mostSlots) }
}

/** How many slots of a shard may hold something. */
function mostUsed(size: number, mostSlots: number): number {
  return Math.floor(size * (size < mostSlots ? MOST_FULL : MOST_FULL_AT_LAST))
}

/** @param fingerprint of an id; by default one under a random key */
export function createReplayTable({ shards: count, mostSlots }: Layout, fingerprint: Fingerprinter = randomFingerprinter()): ReplayTable {
  const print = { low: 0, high: 0 }
  const shards = Array.from({ length: count }, () => emptyShard(Math.min(FIRST_SLOTS, mostSlots)))
  let bytesUsed = shards.reduce((sum, { slots }) => sum + slots.byteLength, 0)
  let nextTidied = 0

  function shardAt(place: number): Shard {
    const shard = shards[place]
    if (shard === undefined) throw new RangeError(`Shard ${place} of ${count}.`)
    return shard
  }

  /** Slots for `live` ids and one more. */
  function sizeFor(live: number): number {
    return Math.min(Math.max(Math.ceil((live + 1) / FULL_ANEW), FIRST_SLOTS), mostSlots)
  }

  /** Rehashes without the expired entries. */
  function renew(shard: Shard, now: number, live = countLive(shard, now)): void {
    const { slots: old } = shard
    const { slots } = Object.assign(shard, emptyShard(sizeFor(live)), { used: live, renewed: now })
    bytesUsed += slots.byteLength - old.byteLength
    for (let at = 0; at < old.length; at += 3) {
      const ends = endAt(old, at)
      if (ends < now) continue
      const low = wordAt(old, at)
      let free = firstSlot(low, slots)
      while (slots[free + 2] !== 0) free = nextSlot(free, slots)
      put(slots, free, low, wordAt(old, at + 1), ends)
    }
  }

  return {
    get bytesUsed() {
      return bytesUsed
    },
    claim(id, end, now, hasRoom) {
      fingerprint(id, print)
      const { low, high } = print
      const shard = shardAt(high & (count - 1))
      let free = findOrFree(shard.slots, low, high, now)
      if (free === -1) return 'seen'
      if (!hasRoom) return 'full'
      if (shard.slots[free + 2] === 0 && shard.used >= mostUsed(shard.slots.length / 3, mostSlots)) {
        // Within one slice of time nothing more ends.
        if (shard.renewed === now && shard.slots.length === mostSlots * 3) return 'full'
        renew(shard, now)
        if (shard.used >= mostUsed(shard.slots.length / 3, mostSlots)) return 'full'
        free = findOrFree(shard.slots, low, high, now)
      }
      if (shard.slots[free + 2] === 0) shard.used++
      put(shard.slots, free, low, high, end)
      return 'fresh'
    },
    tidy(now, some) {
      for (let left = Math.min(some, count); left > 0; left--) {
        const shard = shardAt(nextTidied++ % count)
        const live = countLive(shard, now)
        if (sizeFor(live) * 3 * 2 <= shard.slots.length) renew(shard, now, live)
      }
    },
  }
}

function randomFingerprinter(): Fingerprinter {
  const [first = 0, second = 0] = globalThis.crypto.getRandomValues(new Int32Array(2))
  return createFingerprinter([first, second])
}

function emptyShard(size: number): Shard {
  return { slots: new Int32Array(size * 3), used: 0, renewed: 0 }
}

/** Where the search for a fingerprint begins. */
function firstSlot(low: number, slots: Int32Array): number {
  return Math.floor(((low >>> 0) * (slots.length / 3)) / 0x1_0000_0000) * 3
}

function nextSlot(at: number, slots: Int32Array): number {
  return at + 3 === slots.length ? 0 : at + 3
}

/** -1 where the fingerprint is there and has not ended; otherwise where it may be put. */
function findOrFree(slots: Int32Array, low: number, high: number, now: number): number {
  let free = -1
  for (let at = firstSlot(low, slots); ; at = nextSlot(at, slots)) {
    const ends = endAt(slots, at)
    if (ends < now) {
      if (free === -1) free = at
      // An empty slot ends the probe chain.
      if (ends === 0) return free
    } else if (slots[at] === low && slots[at + 1] === high) return -1
  }
}

/** `at` is always within the table. */
function wordAt(slots: Int32Array, at: number): number {
  return slots[at] as number
}

/** The slice in which a slot's call ends. */
function endAt(slots: Int32Array, at: number): number {
  return wordAt(slots, at + 2) >>> 0
}

function put(slots: Int32Array, at: number, low: number, high: number, end: number): void {
  slots[at] = low
  slots[at + 1] = high
  slots[at + 2] = end
}

function countLive({ slots }: Shard, now: number): number {
  let live = 0
  for (let at = 0; at < slots.length; at += 3) if (endAt(slots, at) >= now) live++
  return live
}
