import type { Piece } from './pieces.ts'

/** Pieces in an order, with what stands between them. */
export interface Arrangement {
  readonly pieces: readonly Piece[]
  readonly separator: string
}

const MAX_PARTS = 5
const LIKELY_SEPARATORS: readonly string[] = ['', '\n', '.', ':', '|']
const OTHER_SEPARATORS: readonly string[] = ['&', ',', ' ', ';', '/', '-', '_', '#', '\r\n', '+', '$', '~', '::', '||', '\0']

/** All ways to put pieces together, the shorter first. The thorough ones are those that the others leave out. */
export function* arrangements(pieces: readonly Piece[], isThorough: boolean): Generator<Arrangement> {
  const groups = [...new Set(pieces.map(({ group }) => group))].map(group => pieces.filter(piece => piece.group === group))
  for (let count = 1; count <= Math.min(MAX_PARTS, groups.length); count++) {
    for (const chosen of sequences(groups, count)) {
      // Two raw pieces can not be written as a message.
      if (chosen.filter(({ value }) => typeof value !== 'string').length > 1) continue
      const isLikely = chosen.every(piece => piece.isLikely)
      if (!isThorough && !isLikely) continue
      const separators = isThorough ? (isLikely ? OTHER_SEPARATORS : [...LIKELY_SEPARATORS, ...OTHER_SEPARATORS]) : LIKELY_SEPARATORS
      for (const separator of count === 1 ? (isThorough && isLikely ? [] : ['']) : separators) yield { pieces: chosen, separator }
    }
  }
}

/** Every order of so many groups, with every choice of a piece from each. */
function* sequences(groups: readonly (readonly Piece[])[], count: number): Generator<readonly Piece[]> {
  if (count === 0) {
    yield []
    return
  }
  for (const group of groups) {
    const rest = groups.filter(other => other !== group)
    for (const piece of group) for (const tail of sequences(rest, count - 1)) yield [piece, ...tail]
  }
}
