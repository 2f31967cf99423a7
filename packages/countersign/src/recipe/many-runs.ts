import { concatBytes, utf8 } from '../wire/encoding.ts'
import type { Capabilities } from './compile.ts'

/** Puts texts and bytes together in one piece of memory. */
export const manyRuns: NonNullable<Capabilities['runs']> = (texts, runs) => call => {
  const pieces: Uint8Array[] = []
  texts.forEach((text, index) => {
    pieces.push(utf8(text(call)))
    const run = runs[index]?.(call)
    if (run !== undefined) pieces.push(typeof run === 'string' ? utf8(run) : run)
  })
  return { before: '', body: concatBytes(pieces), after: '' }
}
