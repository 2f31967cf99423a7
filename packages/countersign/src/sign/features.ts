import { openEndsOf } from '../coverage/open-ends.ts'
import { DECLARED } from '../recipe/declared.ts'
import { hashOf, isMac, type Recipe } from '../recipe/recipe.ts'
import type { DeclaredScheme, SignerFeatures } from '../scheme/scheme.ts'
import { EPOCH_DIGITS } from '../wire/timestamp.ts'
import { dates } from './dates.ts'
import { forms } from './forms.ts'
import { hashes } from './hashes.ts'
import { headers } from './headers.ts'
import { nonces } from './nonces.ts'
import { openEnds } from './open-ends.ts'
import { parameters } from './parameters.ts'
import { passphrases } from './passphrases.ts'
import { queries } from './queries.ts'
import { stamps } from './stamps.ts'

/**
 * Everything that a scheme's calls need beyond headers with a key id, a time and a signature. A built-in scheme's file
 * names its own.
 */
export function featuresOf(scheme: DeclaredScheme): SignerFeatures {
  const parts = [...scheme.message.of, ...scheme.carriers.flatMap(carrier => carrier.items.flat())]
  return {
    ...(scheme.fields.has('nonce') ? nonces : {}),
    ...(scheme.timestamp?.formats.every(format => EPOCH_DIGITS[format] !== undefined) === false ? dates : {}),
    ...(scheme.timestamp?.meaning === 'expires' ? stamps : {}),
    ...([...scheme.fields].some(field => field.startsWith('header.')) ? headers : {}),
    ...(Object.keys(scheme.parameters).length > 0 ? parameters : {}),
    ...(scheme.carriers.some(carrier => carrier.in === 'form') ? forms : {}),
    ...(scheme.hasPassphrase ? passphrases : {}),
    ...(scheme.carriers.some(carrier => carrier.in === 'query') ? queries : {}),
    ...(openEndsOf(scheme).some(({ seen }) => seen === 'per-call') ? openEnds : {}),
    ...recipesOf(parts),
  }
}

function recipesOf(all: readonly Recipe[]): SignerFeatures {
  const parts = all.filter(part => !isMac(part))
  if (parts.some(changesText)) return { recipes: DECLARED }
  if (parts.filter(part => part.op === 'field' && (part.field === 'body' || part.field === 'payload')).length > 1) return hashes
  return parts.some(part => hashOf(part) !== undefined) ? hashes : {}
}

/** Whether a filter stands somewhere that is neither a hash nor a way to write one. */
function changesText(recipe: Recipe): boolean {
  if (recipe.op === 'join' || recipe.op === 'first') return recipe.of.some(changesText)
  if (recipe.op !== 'filter') return false
  const hash = hashOf(recipe)
  return hash === undefined || changesText(hash.of)
}
