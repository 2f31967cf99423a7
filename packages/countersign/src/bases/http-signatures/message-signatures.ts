import { crypto as platform } from '#crypto'
import { CountersignError } from '../../contract/error.ts'
import { type MaybePromise, whenReady } from '../../contract/maybe-promise.ts'
import type { Algorithm } from '../../crypto/algorithm.ts'
import type { CryptoProvider } from '../../crypto/provider.ts'
import { decodeStrictly } from '../../wire/encoding.ts'
import { findLines } from '../../wire/header-lines.ts'
import { textMessage } from '../../wire/message.ts'
import { MAX_COVERED } from '../covered-limits.ts'
import { type Component, type HttpMessage, type Lines, readComponents } from './components.ts'
import { KEY } from './fields-grammar.ts'
import { createMessageSigner, createMessageVerifier, type SigningKey, type VerifyingKey } from './message-keys.ts'
import { serializeString } from './serialize-fields.ts'
import {
  createSignatureBase,
  readSignatureParameters,
  type SignatureParameters,
  serializeInput,
  serializeSignatureInput,
} from './signature-base.ts'
import { isInnerList, parseDictionary, parseItem } from './structured-fields.ts'

/** One labelled signature of a message, as its two fields say it. */
export interface LabelledSignature {
  readonly label: string
  readonly components: readonly Component[]
  readonly parameters: SignatureParameters
  /** The member of `Signature-Input`, as it is signed. */
  readonly input: string
  /** Base64. */
  readonly signature: string
}

export interface SignMessageOptions {
  readonly label: string
  /**
   * Component identifiers as in a signature base, without the outer quotes where they have no parameters: `@method`,
   * `"@query-param";name="x"`.
   */
  readonly components: readonly string[]
  readonly parameters: SignatureParameters
  readonly key: SigningKey
  readonly crypto?: CryptoProvider | undefined
}

/**
 * Signs a request or a response (RFC 9421 §3.1).
 *
 * @returns the two fields, to be added to the message (as further lines, where it has others)
 * @throws CountersignError `option-invalid` for a component that is unknown or that the message does not have, and
 * for a parameter that can't be written
 */
export function signMessage(
  message: HttpMessage,
  { label, components, parameters, key, crypto = platform }: SignMessageOptions,
): MaybePromise<{ readonly 'signature-input': string; readonly signature: string; readonly base: string }> {
  checkLabel(label)
  const covered = parseComponents(components)
  const input = serializeSignatureInput(covered.map(({ identifier }) => identifier).join(' '), parameters)
  const made = createSignatureBase(message, covered, input)
  if ('missing' in made) throw new CountersignError('option-invalid', `The message has no ${made.missing}, so it can't be covered.`)
  const sign = createMessageSigner(key, crypto)
  return whenReady(sign(textMessage(made.base)), signature => ({
    'signature-input': `${label}=${input}`,
    signature: `${label}=:${signature}:`,
    base: made.base,
  }))
}

/**
 * Reads the signatures of a message; `undefined` when the two fields are malformed or do not belong together. A
 * signature with a component that is unknown is left out: it can't be verified here.
 */
export function readSignatures(message: HttpMessage): readonly LabelledSignature[] | undefined {
  return readFields(message.headers, 'refused')
}

/**
 * Reads both fields; `undefined` when they are malformed.
 *
 * @param others what becomes of them all when one member is malformed: `refused`, or it is `left-out`
 */
export function readFields(headers: Lines, others: 'refused' | 'left-out'): readonly LabelledSignature[] | undefined {
  const inputs = parseDictionary(findLines(headers, 'signature-input')?.join(', ') ?? '')
  const signatures = parseDictionary(findLines(headers, 'signature')?.join(', ') ?? '')
  if (inputs === undefined || signatures === undefined) return undefined
  const found: LabelledSignature[] = []
  for (const [label, member] of inputs) {
    const signature = signatures.get(label)
    const parameters = isInnerList(member) ? readSignatureParameters(member.parameters) : undefined
    const isSigned = signature !== undefined && !isInnerList(signature) && signature.item.type === 'bytes'
    if (isInnerList(member) && isSigned && parameters !== undefined) {
      const components = readComponents(member)
      const input = serializeInput(member.items, member.parameters)
      if (components !== undefined) found.push({ label, components, parameters, input, signature: signature.item.value })
    } else if (others === 'refused') return undefined
  }
  return found
}

/**
 * Whether a signature is that of the message under a key (RFC 9421 §3.2). Times, digests and coverage are the caller's
 * to judge.
 */
export function verifySignature(
  message: HttpMessage,
  { components, input, parameters, signature }: LabelledSignature,
  key: VerifyingKey,
  crypto: CryptoProvider = platform,
): MaybePromise<boolean> {
  if (parameters.alg !== undefined && parameters.alg !== key.algorithm) return false
  const bytes = decodeStrictly(signature, 'base64')
  const made = createSignatureBase(message, components, input)
  if (bytes === undefined || 'missing' in made) return false
  return createMessageVerifier(key, crypto)(textMessage(made.base), bytes)
}

/** Reads component identifiers. @throws CountersignError `option-invalid` */
export function parseComponents(identifiers: readonly string[]): readonly Component[] {
  const texts = identifiers.map(identifier => (identifier.startsWith('"') ? identifier : `"${identifier.toLowerCase()}"`))
  const items = texts.map(parseItem)
  const components = items.every(item => item !== undefined) ? readComponents({ items }) : undefined
  if (components !== undefined) return components
  throw new CountersignError(
    'option-invalid',
    `${texts.join(' ')} are no covered components: a field name in lower case, or a derived one such as @method, each once, with its parameters behind the quotes, and at most ${MAX_COVERED} of them.`,
  )
}

/**
 * What a server would like to have signed (RFC 9421 §5): the value of `Accept-Signature`.
 *
 * @throws CountersignError `option-invalid` for a label, a component or a text that the field can't hold
 */
export function acceptSignature(
  requests: Readonly<Record<string, { readonly components: readonly string[]; readonly parameters?: AcceptParameters | undefined }>>,
): string {
  return Object.entries(requests)
    .map(([label, { components, parameters = {} }]) => {
      checkLabel(label)
      const flags = (['created', 'expires', 'nonce', 'alg', 'keyid', 'tag'] as const).flatMap(name => {
        const value = parameters[name]
        if (value === undefined || value === false) return []
        return value === true ? [`;${name}`] : [`;${name}=${serializeString(value)}`]
      })
      return `${label}=(${parseComponents(components)
        .map(({ identifier }) => identifier)
        .join(' ')})${flags.join('')}`
    })
    .join(', ')
}

/** `true` asks for a parameter, text for that value of it. */
export interface AcceptParameters {
  readonly created?: boolean
  readonly expires?: boolean
  readonly nonce?: boolean | string
  readonly alg?: boolean | Algorithm
  readonly keyid?: boolean | string
  readonly tag?: string
}

/** Reads `Accept-Signature`; `undefined` when it is malformed, or a parameter in it is neither true nor text. */
export function readAcceptSignature(
  value: string,
):
  | ReadonlyMap<string, { readonly components: readonly string[]; readonly parameters: { readonly [name: string]: string | true } }>
  | undefined {
  const dictionary = parseDictionary(value)
  if (dictionary === undefined) return undefined
  const wanted = new Map<string, { components: readonly string[]; parameters: { readonly [name: string]: string | true } }>()
  for (const [label, member] of dictionary) {
    const components = isInnerList(member) ? readComponents(member) : undefined
    if (components === undefined) return undefined
    const parameters: [string, string | true][] = []
    for (const [name, { type, value }] of member.parameters) {
      const wish = type === 'string' ? value : type === 'boolean' && value ? true : undefined
      if (wish === undefined) return undefined
      parameters.push([name, wish])
    }
    wanted.set(label, { components: components.map(({ identifier }) => identifier), parameters: Object.fromEntries(parameters) })
  }
  return wanted
}

/** A label (RFC 9651 §3.1.2), of at most 64 characters. */
export const LABEL = new RegExp(`^(?!.{65})${KEY.source}$`)

export const LABEL_IS = 'a label: up to 64 lower-case letters, digits, _, -, . and *, the first a letter or *'

function checkLabel(label: string): void {
  if (!LABEL.test(label)) throw new CountersignError('option-invalid', `${JSON.stringify(label)} is not ${LABEL_IS}.`)
}
