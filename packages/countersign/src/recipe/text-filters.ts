import { percentEncode } from '../wire/percent.ts'
import type { Capabilities } from './compile.ts'
import { type Filter, macOf } from './recipe.ts'

const CHANGES: { readonly [F in Filter]?: (text: string) => string } = {
  lower: text => text.toLowerCase(),
  upper: text => text.toUpperCase(),
  'percent-encode': percentEncode,
  sorted: text => text.split('&').sort().join('&'),
}

/**
 * The filters that a declaration may use on text. A passphrase's own signature is written by its carrier, so here it is
 * nothing.
 */
export const textFilters: NonNullable<Capabilities['filter']> = (recipe, value) => {
  if (macOf(recipe) !== undefined) return () => ''
  const change = CHANGES[recipe.filter]
  return change === undefined ? undefined : call => change(value(call))
}
