/** `npm run check` sets it; without it, the long searches are cut, so that `npm test` takes minutes. */
const IS_THOROUGH = process.env['THOROUGH'] === 'true'

/** How many cases a long search tries: `most` of them, or a fifth. */
export function tries(most: number): number {
  return IS_THOROUGH ? most : Math.ceil(most / 5)
}
