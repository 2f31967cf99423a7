import { boundedCache } from '../../contract/bounded-cache.ts'
import { type CompiledRecipe, compile } from '../../recipe/compile.ts'
import { DECLARED } from '../../recipe/declared.ts'
import { mergeTexts } from '../../recipe/merge-texts.ts'
import { field, filter, join, type MessageRecipe, type Recipe, text } from '../../recipe/recipe.ts'
import { isSingleField } from '../../wire/header-lines.ts'
import { isHeaderName } from '../../wire/headers.ts'
import { KEPT_LISTS, MAX_COVERED, MAX_LIST_LENGTH } from '../covered-limits.ts'

/** A scheme's options, filled in. */
export interface DraftCoverage {
  readonly carrier: 'authorization' | 'signature' | 'kong'
  /** Lower case. */
  readonly headers: readonly string[]
}

/** How each carrier begins, and what it calls the key's id. */
export const CARRIERS = {
  authorization: { header: 'authorization', word: 'Signature', keyName: 'keyId' },
  signature: { header: 'signature', word: '', keyName: 'keyId' },
  kong: { header: 'authorization', word: 'hmac', keyName: 'username' },
} as const

/** States a digest of the body; the plan compares it. */
export const DIGEST_HEADER = 'digest'

/** Headers that say when a call was signed; Kong takes `x-date` where a client can't set `date`. */
export const DATE_HEADERS = ['date', 'x-date'] as const

/** What a list covers, with the recipe of its message. */
export interface CoveredList {
  readonly names: readonly string[]
  /** Headers that can't come twice. */
  readonly single: readonly string[]
  readonly recipe: MessageRecipe
  readonly made: CompiledRecipe
}

/**
 * Reads `headers="…"` and compiles its recipe, once for each list; `undefined` for one that is malformed or names
 * something twice.
 */
export function createListReader(): (list: string) => CoveredList | undefined {
  return boundedCache(KEPT_LISTS, list => {
    const names = list.length > MAX_LIST_LENGTH ? [] : list.split(' ')
    if (names.length === 0 || names.length > MAX_COVERED || new Set(names).size < names.length || !names.every(isCoverable))
      return undefined
    const recipe = signingString(names)
    return { names, single: names.filter(isSingleField), recipe, made: compile(mergeTexts(recipe), DECLARED) }
  })
}

/** What is signed (draft-cavage-12 §2.3): a line for each name. */
export function signingString(names: readonly string[]): MessageRecipe {
  return join('\n', names.map(lineOf))
}

function isCoverable(name: string): boolean {
  return isHeaderName(name) || SPECIAL.has(name)
}

const SPECIAL: ReadonlySet<string> = new Set(['(request-target)', '@request-target', '(created)', '(expires)'])

function lineOf(name: string): Recipe {
  const label = text(`${name}: `)
  switch (name) {
    case '(request-target)':
    case '@request-target':
      return join('', [label, filter('lower', field('method')), text(' '), field('target')])
    case 'request-line':
      return join('', [field('method'), text(' '), field('target'), text(' HTTP/1.1')])
    case '(created)':
      return join('', [label, field('created')])
    case '(expires)':
      return join('', [label, field('expires')])
    default:
      return join('', [label, field(`header.${name}`)])
  }
}
