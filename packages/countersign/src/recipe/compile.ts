import type { MaybePromise } from '../contract/maybe-promise.ts'
import type { Digest } from '../crypto/algorithm.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { BytesEncoding } from '../wire/encoding.ts'
import type { Message } from '../wire/message.ts'
import { hostOf, pathOf, queryOf } from '../wire/url.ts'
import { type Call, payloadIsQuery } from './call.ts'
import { type Field, type FilterRecipe, type ListRecipe, type Recipe, text } from './recipe.ts'

export interface CompiledHash {
  readonly recipe: Recipe
  readonly digest: Digest
  readonly encoding: BytesEncoding | 'raw'
  readonly write: (call: Call) => Message
}

/** A recipe as functions. */
export interface CompiledRecipe {
  /** Works the hashes out. Undefined only where there are none. */
  readonly fill: FillHashes | undefined
  /** Those that the message holds, each after those it is made of. */
  readonly hashes: readonly CompiledHash[]
  readonly write: (call: Call) => Message
}

/** Works out the hashes that a message holds and puts them into the call. */
export type FillHashes = (crypto: CryptoProvider, hashes: readonly CompiledHash[], call: Call) => MaybePromise<void>

export type TextOf = (call: Call) => string
type RunOf = (call: Call) => string | Uint8Array | undefined

/**
 * What only some recipes need, in modules of their own so that the signers of others need not carry it.
 *
 * A text that reads a header which the call doesn't have sets `call.missing` to its name and is empty: `field`,
 * `filter` and `list` do so as the built-in `header.NAME` does. The engine looks at it once the message is written.
 */
export interface Capabilities {
  /** Where a hash's value will stand among `hashes`; `undefined` for a filter that is none. */
  readonly hash?: (
    recipe: FilterRecipe,
    hashes: CompiledHash[],
    capabilities: Capabilities,
  ) => { readonly index: number; readonly isRaw: boolean } | undefined
  /** Comes with `hash`. */
  readonly fill?: FillHashes
  /** Messages with more than one body or hash in bytes. @param texts what stands before and between them, and behind */
  readonly runs?: (texts: readonly TextOf[], runs: readonly RunOf[]) => (call: Call) => Message
  /** Filters from text to text; `undefined` for all others. @param value what the filter changes */
  readonly filter?: (recipe: FilterRecipe, value: TextOf) => TextOf | undefined
  readonly list?: (recipe: ListRecipe, capabilities: Capabilities) => TextOf
  /** Fields of its own; `undefined` for all others. */
  readonly field?: (name: Field) => TextOf | undefined
}

/**
 * Turns a recipe into functions, once; a call then only runs them.
 *
 * @param hashes is filled with the hashes that the recipe holds; several recipes of one call may share it
 */
export function compile(recipe: Recipe, capabilities: Capabilities, hashes: CompiledHash[] = []): CompiledRecipe {
  const { fill } = capabilities
  const texts: TextOf[][] = [[]]
  const runs: RunOf[] = []
  for (const part of partsOf(recipe)) {
    const run = compileRun(part, hashes, capabilities)
    if (run !== undefined) {
      runs.push(run)
      texts.push([])
    } else {
      texts.at(-1)?.push(compileText(part, hashes, capabilities))
    }
  }
  const [before = empty, after = empty] = texts.map(some => joined(some))
  const [body] = runs
  if (body === undefined) return { hashes, fill, write: call => ({ before: before(call), body: undefined, after: '' }) }
  if (runs.length === 1) return { hashes, fill, write: call => ({ before: before(call), body: body(call), after: after(call) }) }
  const write = capabilities.runs?.(
    texts.map(some => joined(some)),
    runs,
  )
  if (write === undefined) throw new TypeError('no capability for two runs')
  return { hashes, fill, write }
}

/** The parts of a recipe, one behind the other, with what stands between them. */
export function partsOf(recipe: Recipe): readonly Recipe[] {
  if (recipe.op === 'step') return partsOf(recipe.of)
  if (recipe.op !== 'join') return [recipe]
  const { by, of } = recipe
  return of.flatMap((part, index) => (by === '' || index === 0 ? partsOf(part) : [text(by), ...partsOf(part)]))
}

/** The text a recipe stands for, where it is text. */
export function compileText(recipe: Recipe, hashes: CompiledHash[], capabilities: Capabilities): TextOf {
  switch (recipe.op) {
    case 'text':
      return () => recipe.text
    case 'field':
      return capabilities.field?.(recipe.field) ?? compileField(recipe.field)
    case 'filter':
      return compileFilter(recipe, hashes, capabilities)
    case 'list':
      return capabilities.list?.(recipe, capabilities) ?? empty
    case 'first': {
      const all = recipe.of.map((of, index) =>
        // An absent header is missing only where no other alternative is left.
        of.op === 'field' && index + 1 < recipe.of.length ? compileField(of.field, true) : compileText(of, hashes, capabilities),
      )
      return all.reduceRight((rest, value) => call => value(call) || rest(call))
    }
    default:
      return joined(partsOf(recipe).map(part => compileText(part, hashes, capabilities)))
  }
}

/** One behind the other. */
export function joined<A extends unknown[]>(texts: readonly ((...from: A) => string)[], by = ''): (...from: A) => string {
  return texts.length === 0
    ? empty
    : texts.reduceRight(
        (next, first) =>
          (...from) =>
            first(...from) + by + next(...from),
      )
}

const empty = (): string => ''

function compileFilter(recipe: FilterRecipe, hashes: CompiledHash[], capabilities: Capabilities): TextOf {
  const hash = capabilities.hash?.(recipe, hashes, capabilities)
  if (hash !== undefined) return call => String(call.hashes[hash.index])
  const changed = capabilities.filter?.(recipe, compileText(recipe.of, hashes, capabilities))
  if (changed === undefined) throw new TypeError(`no capability for the filter ${recipe.filter}`)
  return changed
}

function compileRun(part: Recipe, hashes: CompiledHash[], capabilities: Capabilities): RunOf | undefined {
  const whole = part.op === 'field' ? part.field : undefined
  if (whole === 'body') return call => call.body
  if (whole === 'payload') return call => (payloadIsQuery(call.method) ? queryOf(call.target) : call.body)
  const hash = part.op === 'filter' ? capabilities.hash?.(part, hashes, capabilities) : undefined
  return hash?.isRaw === true ? call => call.hashes[hash.index] : undefined
}

const PLAIN = ['timestamp', 'nonce', 'keyId', 'passphrase', 'method', 'url', 'origin', 'target'] as const

function compileField(field: Field, isOptional = false): TextOf {
  const plain = PLAIN.find(name => name === field)
  if (plain !== undefined) return call => call[plain]
  switch (field) {
    case 'host':
      return call => hostOf(call.origin)
    case 'path':
      return call => pathOf(call.target)
    case 'query':
      return call => queryOf(call.target)
    case 'body':
      return call => bodyText(call.body)
    case 'payload':
      return call => (payloadIsQuery(call.method) ? queryOf(call.target) : bodyText(call.body))
    default:
      if (!field.startsWith('header.')) return call => call.parameters[field] ?? ''
      return compileHeader(field.slice('header.'.length), isOptional)
  }
}

function compileHeader(name: string, isOptional: boolean): TextOf {
  // The verifier's own origin, never what the header says.
  if (name === 'host') return call => hostOf(call.origin)
  return call => {
    const value = call.header(name)
    if (value === undefined && !isOptional) call.missing ??= name
    return value ?? ''
  }
}

function bodyText(body: Call['body']): string {
  return body === undefined || typeof body === 'string' ? (body ?? '') : new TextDecoder().decode(body)
}
