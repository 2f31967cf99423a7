/** Deeper than anything that is meant; what reads a value by calling itself would run out of stack. */
const MAX_DEPTH = 100

/** Why a JSON text is not taken. */
export class JsonError extends Error {
  readonly reason: 'malformed' | 'too-deep' | 'nul'

  constructor(reason: JsonError['reason'], message: string) {
    super(message)
    this.reason = reason
  }
}

/**
 * Reads a JSON text from outside: not nested too deeply, and without the NUL character, which PostgreSQL has in no text
 * and nobody means.
 *
 * @throws JsonError
 */
export function parseJson(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new JsonError('malformed', error instanceof Error ? error.message : String(error))
  }
  checkValue(value)
  return value
}

/** @throws JsonError `too-deep`, `nul` */
export function checkValue(value: unknown): void {
  let level: readonly unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw new JsonError('too-deep', `It is nested more than ${MAX_DEPTH} levels deep.`)
    if (level.some(hasNul)) throw new JsonError('nul', 'There is a NUL character in a text.')
    level = level.flatMap(inner => (typeof inner === 'object' && inner !== null ? Object.values(inner) : []))
  }
}

function hasNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0')
  return typeof value === 'object' && value !== null && Object.keys(value).some(name => name.includes('\0'))
}
