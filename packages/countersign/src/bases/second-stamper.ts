import { type Clock, createTimestamper } from '../wire/timestamp.ts'

/**
 * Writes the time of a call in a format of whole seconds. Calls of one second share the text, which takes longer to
 * make than to keep.
 */
export function createSecondStamper(format: 'iso8601-basic' | 'http-date', clock: Clock): () => string {
  let second = Number.NaN
  let text = ''
  const stamp = createTimestamper(format, () => second * 1000)
  return () => {
    const now = Math.floor(clock() / 1000)
    if (now !== second) {
      second = now
      text = stamp()
    }
    return text
  }
}
