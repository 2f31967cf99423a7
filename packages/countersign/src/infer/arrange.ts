import type { Piece } from './pieces.ts'

/** Pieces in an order, with what stands between them. */
export interface Arrangement {
  readonly pieces: readonly Piece[]
  /** One fewer than pieces: the first stands behind the first piece. */
  readonly separators: readonly string[]
}

/**
 * What is tried together; the likelier first. `likely`: the usual parts with one usual separator. `mixed`: with several
 * separators, four usual parts or three with an unusual one. `thorough`: unusual parts, unusual separators.
 * `mixed-long`: several separators and five usual parts or four with an unusual one. `mixed-rare`: the same with one
 * unusual part more.
 */
export const STAGES = ['likely', 'mixed', 'thorough', 'mixed-long', 'mixed-rare'] as const
export type Stage = (typeof STAGES)[number]

const MAX_PARTS = 5
const LIKELY_SEPARATORS: readonly string[] = ['', '\n', '.', ':', '|']
const OTHER_SEPARATORS: readonly string[] = ['&', ',', ' ', ';', '/', '-', '_', '#', '\r\n', '+', '$', '~', '::', '||', '\0']

/** All ways of a stage to put pieces together, the shorter first. No two stages have one in common. */
export function* arrangements(pieces: readonly Piece[], stage: Stage): Generator<Arrangement> {
  const groups = [...new Set(pieces.map(({ group }) => group))].map(group => pieces.filter(piece => piece.group === group))
  for (let count = 1; count <= Math.min(MAX_PARTS, groups.length); count++) {
    const byRarity = Array.from({ length: count + 1 }, (_, unusual) => separatorsOf(stage, count, unusual))
    if (byRarity.every(list => list.length === 0)) continue
    for (const chosen of sequences(groups, count)) {
      // Two raw pieces can't be written as a message.
      if (chosen.filter(({ value }) => typeof value !== 'string').length > 1) continue
      const unusual = chosen.filter(({ isLikely }) => !isLikely).length
      for (const separators of byRarity[unusual] ?? []) yield { pieces: chosen, separators }
    }
  }
}

/** What may stand between `count` pieces, `unusual` of them unusual, in a stage. */
function separatorsOf(stage: Stage, count: number, unusual: number): readonly (readonly string[])[] {
  const gaps = count - 1
  const uniform = (texts: readonly string[]): readonly (readonly string[])[] =>
    (gaps === 0 ? [''] : texts).map(text => Array.from({ length: gaps }, () => text))
  // Rarity score: number of gaps plus number of unusual pieces.
  const rarity = gaps < 2 ? undefined : gaps + unusual
  switch (stage) {
    case 'likely':
      return unusual === 0 ? uniform(LIKELY_SEPARATORS) : []
    case 'thorough':
      if (unusual === 0) return gaps === 0 ? [] : uniform(OTHER_SEPARATORS)
      return uniform([...LIKELY_SEPARATORS, ...OTHER_SEPARATORS])
    case 'mixed':
      return rarity === 2 || rarity === 3 ? mixed(LIKELY_SEPARATORS, gaps) : []
    case 'mixed-long':
      return rarity === 4 ? mixed(LIKELY_SEPARATORS, gaps) : []
    case 'mixed-rare':
      return rarity === 5 ? mixed(LIKELY_SEPARATORS, gaps) : []
  }
}

/** Every row of `length` texts that are not all the same. */
function mixed(texts: readonly string[], length: number): readonly (readonly string[])[] {
  let rows: readonly (readonly string[])[] = [[]]
  for (let at = 0; at < length; at++) rows = rows.flatMap(row => texts.map(text => [...row, text]))
  return rows.filter(row => new Set(row).size > 1)
}

/** Every order of `count` groups, with every choice of a piece from each. */
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
