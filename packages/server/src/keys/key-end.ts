/** A key that ends within these days says so wherever keys are listed. */
const SOON_DAYS = 30
const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

/** What a list says of a key's end. */
interface Ending {
  readonly expiresAt: string | null
  readonly state: string
}

/**
 * `ends in 2 days` for a key that ends soon, `ended 3 days ago` for one that has ended; undefined for any other, and
 * for a revoked key, whose end no longer matters.
 */
export function endOfKey({ expiresAt, state }: Ending, now: number): string | undefined {
  if (expiresAt === null || state === 'revoked') return undefined
  const leftMs = Date.parse(expiresAt) - now
  const [day] = UNITS
  if (leftMs > SOON_DAYS * day[1]) return undefined
  const isOver = leftMs <= 0
  // From a day on it is told in days, 25 hours as two of them.
  const [unit, unitMs] = UNITS.find(([, ms]) => Math.abs(leftMs) >= ms) ?? UNITS[2]
  const count = Math.max(1, isOver ? Math.floor(-leftMs / unitMs) : Math.ceil(leftMs / unitMs))
  const relative = new Intl.RelativeTimeFormat('en')
  return isOver ? `ended ${relative.format(-count, unit)}` : `ends ${relative.format(count, unit)}`
}
