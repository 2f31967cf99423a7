import type { AlgorithmFacts, Digest } from '../algorithm.ts'
import type { NonceFormat } from '../declaration.ts'
import type { BytesEncoding, SecretEncoding } from '../encoding.ts'
import { CountersignError } from '../error.ts'
import { payloadIsQuery } from '../message.ts'
import type { Carrier, DeclaredScheme } from '../scheme.ts'
import type { Part, TextChange } from '../template.ts'
import type { TimestampFormat } from '../timestamp.ts'
import { splitUrl } from '../url.ts'

/** One request, to be written out as a program that signs and sends it. */
export interface SampleRequest {
  readonly method: string
  readonly url: string
  readonly body?: string | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
}

/** A value that the program computes or knows, by the name it has in a declaration. */
export type ValueName = string

export type Piece =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'value'; readonly name: ValueName; readonly change: TextChange | undefined }
  | { readonly kind: 'hash'; readonly digest: Digest; readonly encoding: BytesEncoding | 'raw'; readonly of: readonly Piece[] }
  /** The passphrase, signed with the secret. */
  | { readonly kind: 'mac'; readonly digest: Digest; readonly encoding: BytesEncoding }

/** What a language's writer needs to know; every decision about the scheme is taken. */
export interface Program {
  readonly title: string
  readonly docs: string | undefined
  readonly algorithm: AlgorithmFacts
  readonly secret: { readonly encoding: SecretEncoding; readonly prefix: string }
  readonly method: string
  readonly origin: string
  readonly path: string
  /** Without what the scheme appends. */
  readonly query: string
  readonly body: string | undefined
  readonly contentType: string | undefined
  readonly timestamp: { readonly format: TimestampFormat; readonly aheadSeconds: number } | undefined
  readonly nonce: NonceFormat | undefined
  readonly parameters: readonly { readonly name: string; readonly value: string | undefined; readonly generate: NonceFormat | undefined }[]
  /** Put in front of the form-encoded body. */
  readonly form: readonly { readonly name: string; readonly value: ValueName }[]
  /** Appended to the query before it is signed. */
  readonly appended: readonly { readonly name: string; readonly pieces: readonly Piece[] }[]
  readonly message: readonly Piece[]
  readonly signatureEncoding: BytesEncoding
  readonly headers: readonly { readonly name: string; readonly pieces: readonly Piece[] }[]
  /** The parameter that carries the signature, where the query does. */
  readonly signatureParameter: string | undefined
  /** Every value that is used, each after those it is made of. */
  readonly used: ReadonlySet<ValueName>
}

const LIFETIME_SECONDS = 60

/**
 * Takes a declared scheme and a request apart into what a program has to do.
 *
 * @throws CountersignError `option-invalid`, `url-not-signable`
 */
export function createProgram(scheme: DeclaredScheme, request: SampleRequest): Program {
  const method = request.method.toUpperCase()
  const { origin, target } = splitUrl(request.url)
  const [path = '/', query = ''] = target.split('?', 2)
  const readPiece = (part: Part): Piece => toPiece(part, method, request, scheme.algorithm.digest)
  const carriersIn = (place: Carrier['in']): readonly Carrier[] => scheme.carriers.filter(carrier => carrier.in === place)
  const queryCarriers = carriersIn('query')
  const signatureParameter = queryCarriers.find(({ fields }) => fields.includes('signature'))?.name
  const headers = carriersIn('header')
    .filter(({ fields }) => scheme.alternatives === undefined || !fields.includes(scheme.alternatives[1]))
    .map(carrier => ({ name: carrier.name, pieces: carrierParts(carrier).map(readPiece) }))
  const appended = queryCarriers
    .filter(({ fields }) => !fields.includes('signature'))
    .map(({ name, items }) => ({ name, pieces: items.flat().map(readPiece) }))
  const form = carriersIn('form').map(({ name, fields }) => ({ name, value: fields[0] ?? 'nonce' }))
  if (form.length > 0 && method === 'GET')
    throw new CountersignError(
      'option-invalid',
      `The scheme ${scheme.name} carries ${form.map(({ name }) => name).join(' and ')} in the body: take a method that has one.`,
    )
  const message = scheme.message.map(readPiece)
  const hasBody = request.body !== undefined || form.length > 0
  const all = [...message, ...headers.flatMap(({ pieces }) => pieces), ...appended.flatMap(({ pieces }) => pieces)]
  const used = new Set([...all.flatMap(valuesOf), ...form.map(({ value }) => value)])
  return {
    title: scheme.title,
    docs: scheme.docs,
    algorithm: scheme.algorithm,
    secret: scheme.secret,
    method,
    origin,
    path,
    query,
    body: hasBody ? (request.body ?? '') : undefined,
    contentType: hasBody
      ? form.length > 0 || !/^\s*[{["]/.test(request.body ?? '')
        ? 'application/x-www-form-urlencoded'
        : 'application/json'
      : undefined,
    timestamp:
      scheme.timestamp === undefined
        ? undefined
        : { format: scheme.timestamp.formats[0], aheadSeconds: scheme.timestamp.meaning === 'expires' ? LIFETIME_SECONDS : 0 },
    nonce: used.has('nonce') ? scheme.nonce.formats[0] : undefined,
    parameters: Object.entries(scheme.parameters).map(([name, { default: value, generate }]) => ({ name, value, generate })),
    form,
    appended,
    message,
    signatureEncoding: scheme.signature.encoding,
    headers,
    signatureParameter,
    used,
  }
}

function carrierParts({ prefix, separator = '', items }: Carrier): readonly Part[] {
  const literal = (text: string): readonly Part[] => (text === '' ? [] : [{ kind: 'literal', text }])
  return [...literal(prefix), ...items.flatMap((parts, index) => [...(index === 0 ? [] : literal(separator)), ...parts])]
}

function toPiece(part: Part, method: string, request: SampleRequest, digest: Digest): Piece {
  switch (part.kind) {
    case 'literal':
      return part
    case 'hash':
      return { ...part, of: part.of.map(inner => toPiece(inner, method, request, digest)) }
    case 'mac':
      return { kind: 'mac', digest, encoding: part.encoding }
    case 'field': {
      const { field, change } = part
      if (field === 'payload') return { kind: 'value', name: payloadIsQuery(method) ? 'query' : 'body', change }
      if (!field.startsWith('header.')) return { kind: 'value', name: field, change }
      const name = field.slice('header.'.length)
      const given = Object.entries(request.headers ?? {}).find(([own]) => own.toLowerCase() === name)
      return { kind: 'literal', text: given?.[1] ?? '' }
    }
  }
}

function valuesOf(piece: Piece): readonly ValueName[] {
  switch (piece.kind) {
    case 'literal':
      return []
    case 'value':
      return [piece.name]
    case 'hash':
      return piece.of.flatMap(valuesOf)
    case 'mac':
      return ['passphrase']
  }
}

/** Whether a message has bytes in it that are no text. */
export function hasRawHash(pieces: readonly Piece[]): boolean {
  return pieces.some(piece => piece.kind === 'hash' && piece.encoding === 'raw')
}

/** Neighbouring literals as one, and no empty ones. */
export function merged(pieces: readonly Piece[]): readonly Piece[] {
  const out: Piece[] = []
  for (const piece of pieces) {
    const last = out.at(-1)
    if (piece.kind === 'literal' && last?.kind === 'literal') out[out.length - 1] = { kind: 'literal', text: last.text + piece.text }
    else if (piece.kind !== 'literal' || piece.text !== '') out.push(piece)
  }
  return out
}
