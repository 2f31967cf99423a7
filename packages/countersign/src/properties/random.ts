export type Random = (below: number) => number

/** The same numbers for the same seed, on every machine. */
export function createRandom(seed: number): Random {
  let state = seed
  return below => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >>> 8) % below
  }
}

/** Pieces of requests that are awkward in one way or another. */
export const PATH = ['a', 'A', '/', '.', '..', '/..', '/a', '%61', '%2F', '%2f', '+', '%20', '%FF', '%25FF', '1']
export const QUERY = [
  'a',
  'b',
  'a',
  '=',
  '&',
  '=',
  '&',
  '=',
  '&',
  '%61',
  '%26',
  '%3D',
  '%2B',
  '+',
  '%20',
  '1',
  '?',
  '%FF',
  '%25FF',
  'a=1',
  'a=2',
  '1764000060',
]
/** Bytes, a character each. */
export const BODY = [
  ...QUERY,
  '&timestamp=1764000000000',
  'timestamp=1764000001000',
  '000',
  '{',
  '\xff',
  '\xfe',
  '\xef\xbb\xbf',
  '\xc3\xa9',
]
export const HEADERS = [['a'], [' a'], ['a  b'], ['a b'], ['A'], ['a,b'], ['a, b'], ['a', 'b'], ['a\u00a0b'], ['']] as const

export function makeText(pieces: readonly string[], most: number, random: Random): string {
  return Array.from({ length: random(most + 1) }, () => pieces[random(pieces.length)] ?? '').join('')
}
