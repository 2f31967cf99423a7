import { type Capabilities, type CompiledHash, compile } from './compile.ts'
import { fillHashes } from './fill-hashes.ts'
import { manyRuns } from './many-runs.ts'
import { hashOf, type Recipe } from './recipe.ts'

/** Hashes in a recipe: `{body|sha256|hex}`. The same one is worked out once. */
export const hashFilters: Pick<Capabilities, 'hash' | 'fill' | 'runs'> = {
  fill: fillHashes,
  runs: manyRuns,
  hash(recipe, hashes, capabilities) {
    const isRaw = hashOf(recipe)?.encoding === 'raw'
    return hashOf(recipe) === undefined ? undefined : { index: hashIndex(recipe, hashes, capabilities), isRaw }
  },
}

/** Where a hash stands among those that are worked out; it is put there if it is new. */
export function hashIndex(recipe: Recipe, hashes: CompiledHash[], capabilities: Capabilities): number {
  const key = JSON.stringify(recipe)
  const known = hashes.findIndex(hash => JSON.stringify(hash.recipe) === key)
  const hash = hashOf(recipe)
  if (known >= 0 || hash === undefined) return known
  const { write } = compile(hash.of, capabilities, hashes)
  return hashes.push({ recipe, digest: hash.digest, encoding: hash.encoding, write }) - 1
}
