import { nearest } from './nearest.ts'

/** `x is no thing; one of a, b, c`, and what was meant when it is close to one of them. */
export function oneOf(word: unknown, thing: string, known: readonly string[]): string {
  const meant = typeof word === 'string' ? nearest(word, known) : undefined
  return `${shown(word)} is no ${thing}${meant === undefined ? '' : ` (did you mean ${meant}?)`}; one of ${known.join(', ')}`
}

export function shown(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 60) : (JSON.stringify(value)?.slice(0, 60) ?? String(value))
}
