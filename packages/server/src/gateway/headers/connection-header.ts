import { HOP_BY_HOP } from './header-names.ts'

/**
 * Whether the `Connection` of a request would take a header off on the way: a signed one would be missing upstream,
 * although the call was verified with it. What is for one connection only is taken off anyway.
 */
export function takesHeadersOff(raw: readonly string[]): boolean {
  for (const name of namedByConnection(raw)) if (!HOP_BY_HOP.has(name) && !OF_CONNECTION.has(name)) return true
  return false
}

/** What else `Connection` may say. */
const OF_CONNECTION: ReadonlySet<string> = new Set(['', 'close'])

const NONE: ReadonlySet<string> = new Set()

/** The names that the `Connection` of a message gives, in lower case. */
export function namedByConnection(raw: readonly string[]): ReadonlySet<string> {
  let named = NONE
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]]
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue
    // What nearly all say names a header that is dropped anyway.
    if (value === 'keep-alive' || value === 'close') continue
    named = new Set([...named, ...value.split(',').map(other => other.trim().toLowerCase())])
  }
  return named
}
