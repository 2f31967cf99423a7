/** Ids that are remembered; the oldest goes first. */
const MAX_EVENTS = 10_000

/** Says of each event whether it came before, by the id that its provider gave it. */
export function createSeenEvents(): (id: string) => boolean {
  const seen = new Set<string>()
  return id => {
    if (seen.has(id)) return true
    seen.add(id)
    const [oldest] = seen
    if (seen.size > MAX_EVENTS && oldest !== undefined) seen.delete(oldest)
    return false
  }
}
