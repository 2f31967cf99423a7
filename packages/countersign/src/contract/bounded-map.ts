/** Keeps values by their key: at most `entries` values; the oldest goes. */
export interface BoundedMap<V> {
  get(key: string): V | undefined
  /** Keeps a value as the newest. When the map is full, the oldest goes. */
  set(key: string, value: V): void
}

export function boundedMap<V>(entries: number): BoundedMap<V> {
  const kept = new Map<string, V>()
  return {
    get: key => kept.get(key),
    set(key, value) {
      kept.delete(key)
      kept.set(key, value)
      if (kept.size <= entries) return
      const [oldest] = kept.keys()
      if (oldest !== undefined) kept.delete(oldest)
    },
  }
}
