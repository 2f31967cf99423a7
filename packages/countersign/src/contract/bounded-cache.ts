import { boundedMap } from './bounded-map.ts'

/** How much a cache keeps. Both have to be said: a key that a stranger invents may be as long as a header can be. */
export interface CacheLimits {
  readonly entries: number
  /** Of a key. What a longer one gives is made each time. */
  readonly characters: number
}

/**
 * Keeps what `make` gives for a key, unless that is `undefined`. Clients of one API ask for only a few keys, but anyone
 * can invent more: the oldest goes when it is full.
 *
 * @param make may be given more than the key, where that is at hand already and says the same
 */
export function boundedCache<V, A extends readonly unknown[] = []>(
  { entries, characters }: CacheLimits,
  make: (key: string, ...more: A) => V,
): (key: string, ...more: A) => V {
  const kept = boundedMap<V>(entries)
  return (key, ...more) => {
    const known = kept.get(key)
    if (known !== undefined) return known
    const made = make(key, ...more)
    if (made === undefined || key.length > characters) return made
    kept.set(key, made)
    return made
  }
}
