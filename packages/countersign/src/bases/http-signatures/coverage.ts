import { boundedCache } from '../../contract/bounded-cache.ts'
import { type CompiledRecipe, compile } from '../../recipe/compile.ts'
import { mergeTexts } from '../../recipe/merge-texts.ts'
import { field, join, type MessageRecipe, type Recipe, text } from '../../recipe/recipe.ts'
import { isSingleField } from '../../wire/header-lines.ts'
import { KEPT_LISTS } from '../covered-limits.ts'
import { capabilities } from './capabilities.ts'
import type { Component } from './components.ts'
import { BODY_DIGESTS } from './digest.ts'

/** A scheme's options, filled in. */
export interface Coverage {
  readonly label: string | undefined
  /** Identifiers, without that of the digest. */
  readonly components: readonly string[]
  /** Whether the digest of a body is demanded. */
  readonly wantsDigest: boolean
  readonly parameters: readonly string[]
  readonly tag: string | undefined
}

/**
 * Whether a component holds the body fast: the digests as they stand, or one member with an algorithm that proves
 * something.
 */
export function isDigest(identifier: string): boolean {
  const [field, , key = ''] = /^"content-digest"(;sf|;bs)*(;key="[^"]*")?(;sf|;bs)*$/.exec(identifier) ?? []
  return field !== undefined && BODY_DIGESTS.includes(`header.content-digest${key}`)
}

/**
 * The parameter that a recipe reads the list and the parameters of a signature from: the member of `Signature-Input`.
 */
export const INPUT = 'signatureInput'

/** What a list of components covers, with the recipe of its message. */
export interface CoveredList {
  readonly identifiers: readonly string[]
  readonly coversDigest: boolean
  readonly coversDate: boolean
  /** `x-date`, which some clients send where they can't set `date`. */
  readonly coversOtherDate: boolean
  /** Headers that can't come twice. */
  readonly single: readonly string[]
  readonly recipe: MessageRecipe
  readonly made: CompiledRecipe
}

/**
 * The signature base (RFC 9421 §2.5): a line for each component, and the signature's own parameters; `undefined` for
 * one that no request has.
 */
function signatureBase(components: readonly Component[]): MessageRecipe | undefined {
  const lines: Recipe[] = []
  for (const { identifier, recipe } of components) {
    if (recipe === undefined) return undefined
    lines.push(join('', [text(`${identifier}: `), recipe]))
  }
  return join('\n', [...lines, join('', [text('"@signature-params": '), field(INPUT)])])
}

export function coveredList(components: readonly Component[]): CoveredList | undefined {
  const recipe = signatureBase(components)
  if (recipe === undefined) return undefined
  const identifiers = components.map(({ identifier }) => identifier)
  return {
    identifiers,
    coversDigest: identifiers.some(isDigest),
    coversDate: components.some(({ name }) => name === 'date'),
    coversOtherDate: components.some(({ name }) => name === 'x-date'),
    single: components.map(({ name }) => name).filter(isSingleField),
    recipe,
    made: compile(mergeTexts(recipe), capabilities),
  }
}

/** Compiles each list once. */
export function createListCompiler(): (components: readonly Component[]) => CoveredList | undefined {
  const byText = boundedCache(KEPT_LISTS, (_text, components: readonly Component[]) => coveredList(components))
  const byList = new WeakMap<readonly Component[], CoveredList>()
  return components => {
    const known = byList.get(components)
    if (known !== undefined) return known
    const list = byText(components.map(({ identifier }) => identifier).join(' '), components)
    if (list !== undefined) byList.set(components, list)
    return list
  }
}
