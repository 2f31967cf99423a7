import type { Component, HttpMessage } from './components.ts'
import { serializeBareItem, serializeInteger, serializeParameters, serializeString } from './serialize-fields.ts'
import type { BareItem, Parameters } from './structured-fields.ts'

/** In characters. A signer writes no longer nonce, and a verifier reads none. */
export const MAX_NONCE_LENGTH = 256

/** The parameters of a signature (RFC 9421 §2.3). Times are epoch seconds. */
export interface SignatureParameters {
  readonly created?: number | undefined
  readonly expires?: number | undefined
  readonly nonce?: string | undefined
  readonly alg?: string | undefined
  readonly keyid?: string | undefined
  readonly tag?: string | undefined
}

/**
 * `("@method" "@target-uri");created=…`: the value of a signature's member of `Signature-Input`, and the last line of
 * what is signed.
 *
 * @throws CountersignError `option-invalid` for a value that has no spelling, such as a time with a fraction
 */
export function serializeSignatureInput(identifiers: string, parameters: SignatureParameters): string {
  const { created, expires, nonce, alg, keyid, tag } = parameters
  let text = `(${identifiers})`
  if (created !== undefined) text += `;created=${serializeInteger(created)}`
  if (keyid !== undefined) text += `;keyid=${serializeString(keyid)}`
  if (alg !== undefined) text += `;alg=${serializeString(alg)}`
  if (expires !== undefined) text += `;expires=${serializeInteger(expires)}`
  if (nonce !== undefined) text += `;nonce=${serializeString(nonce)}`
  if (tag !== undefined) text += `;tag=${serializeString(tag)}`
  return text
}

/**
 * Reads the parameters; `undefined` when one that is known has the wrong type. Unknown ones are signed, and mean
 * nothing here.
 */
export function readSignatureParameters(parameters: Parameters): SignatureParameters | undefined {
  const read: { -readonly [P in keyof SignatureParameters]: SignatureParameters[P] } = {}
  for (const [name, value] of parameters) {
    switch (name) {
      case 'created':
      case 'expires':
        if (value.type !== 'integer') return undefined
        read[name] = value.value
        break
      case 'nonce':
      case 'alg':
      case 'keyid':
      case 'tag':
        if (value.type !== 'string') return undefined
        read[name] = value.value
        break
    }
  }
  return read
}

/**
 * What is signed (RFC 9421 §2.5): a line for each covered component, and the signature's own parameters.
 *
 * @returns the base, or the identifier of the first component that the message does not have
 */
export function createSignatureBase(
  message: HttpMessage,
  components: readonly Component[],
  input: string,
): { readonly base: string } | { readonly missing: string } {
  let base = ''
  for (const { identifier, value } of components) {
    const text = value(message)
    if (text === undefined || text.includes('\n')) return { missing: identifier }
    base += `${identifier}: ${text}\n`
  }
  return { base: `${base}"@signature-params": ${input}` }
}

/** An inner list as it was read, written again: what the other side signed has to be spelled like this. */
export function serializeInput(
  items: readonly { readonly item: BareItem; readonly parameters: Parameters }[],
  parameters: Parameters,
): string {
  return `(${items.map(({ item, parameters: own }) => serializeBareItem(item) + serializeParameters(own)).join(' ')})${serializeParameters(parameters)}`
}
