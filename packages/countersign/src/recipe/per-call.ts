import type { Call } from './call.ts'

/**
 * Reads a text once for each call, however many parts of the message are made of it: sixty-four parameters of one query
 * are one reading.
 *
 * @param read what is made of the text
 */
export function perCall<T>(read: (text: string) => T): (call: Call, part: string, text: string) => T {
  const known = new WeakMap<Call, Map<string, { readonly text: string; readonly made: T }>>()
  return (call, part, text) => {
    let own = known.get(call)
    if (own === undefined) {
      own = new Map()
      known.set(call, own)
    }
    // Found by the part's short name: to find it by the text would read all of that each time.
    const found = own.get(part)
    if (found !== undefined && found.text === text) return found.made
    const made = read(text)
    own.set(part, { text, made })
    return made
  }
}
