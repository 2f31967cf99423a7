import { nearest } from './nearest.ts'

/** `Unknown thing x; one of a, b, c`, or `Unknown thing x; did you mean a? One of a, b, c` where it is close to one. */
export function oneOf(word: unknown, thing: string, known: readonly string[]): string {
  const meant = typeof word === 'string' ? nearest(word, known) : undefined
  return `Unknown ${thing} ${shown(word)}; ${meant === undefined ? 'one' : `did you mean ${meant}? One`} of ${known.join(', ')}`
}

/** A value for a message, cut off. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, 60)
  try {
    return JSON.stringify(value)?.slice(0, 60) ?? String(value)
  } catch {
    // A bigint, or an object with a circle.
    return typeof value
  }
}
