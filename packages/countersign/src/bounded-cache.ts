/**
 * Keeps what `make` gives for a key, unless that is `undefined`. Clients of one API ask for only a few keys, but anyone
 * can invent more: the oldest goes when it is full.
 *
 * @param max in entries
 */
export function boundedCache<V>(max: number, make: (key: string) => V): (key: string) => V {
  const kept = new Map<string, V>()
  return key => {
    const known = kept.get(key)
    if (known !== undefined) return known
    const made = make(key)
    if (made === undefined) return made
    if (kept.size >= max) kept.delete(kept.keys().next().value ?? '')
    kept.set(key, made)
    return made
  }
}
