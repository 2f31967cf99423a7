import { findLines } from '../../wire/header-lines.ts'
import type { Lines } from './components.ts'

/**
 * The headers that a call's signature, its digest and its time travel in. A scheme's list of what it carries holds them
 * all, and a verifier reads no other for itself, but for an `x-date` that is covered.
 */
export type Place = 'signature-input' | 'signature' | 'content-digest' | 'date'

export function placeLines(lines: Lines, place: Place): readonly string[] | undefined {
  return findLines(lines, place)
}
