import type { Call } from './call.ts'

/**
 * Reads a text once for each call, however many parts of the message are made of it: sixty-four parameters of one query
 * are one reading.
 */
export function perCall<T>(read: (text: string) => T): (call: Call, text: string) => T {
  const known = new WeakMap<Call, Map<string, T>>()
  return (call, text) => {
    let own = known.get(call)
    if (own === undefined) {
      own = new Map()
      known.set(call, own)
    }
    const found = own.get(text)
    if (found !== undefined) return found
    const made = read(text)
    own.set(text, made)
    return made
  }
}
