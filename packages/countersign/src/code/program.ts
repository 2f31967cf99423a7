import { CountersignError } from '../contract/error.ts'
import type { AlgorithmFacts, Digest } from '../crypto/algorithm.ts'
import { payloadIsQuery } from '../recipe/call.ts'
import { type Field, field, fieldsOf, filter, join, type Recipe, text } from '../recipe/recipe.ts'
import { DEFAULT_LIFETIME_MS } from '../scheme/request.ts'
import type { Carrier, DeclaredScheme } from '../scheme/scheme.ts'
import type { BytesEncoding, SecretEncoding } from '../wire/encoding.ts'
import type { NonceFormat } from '../wire/nonce.ts'
import type { TimestampFormat } from '../wire/timestamp.ts'
import { splitUrl } from '../wire/url.ts'

/** One request, to be written out as a program that signs and sends it. */
export interface SampleRequest {
  readonly method: string
  readonly url: string
  readonly body?: string | undefined
  /** Those that the scheme signs; the program sends them. */
  readonly headers?: { readonly [name: string]: string } | undefined
}

/** A place that the program writes to, and what it writes there. */
interface Written {
  readonly name: string
  readonly recipe: Recipe
}

/**
 * What a language's writer needs to know; every decision about the scheme is taken. The fields of its recipes are
 * values that the program computes or knows, by the names they have in a declaration.
 */
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
  readonly form: readonly { readonly name: string; readonly value: Field }[]
  /** Appended to the query before it is signed. */
  readonly appended: readonly Written[]
  readonly message: Recipe
  readonly signatureEncoding: BytesEncoding
  readonly headers: readonly Written[]
  /** The parameter that carries the signature, where the query does. */
  readonly signatureParameter: string | undefined
  /** Every value that is used, each after those it is made of. */
  readonly used: ReadonlySet<Field>
}

const LIFETIME_SECONDS = DEFAULT_LIFETIME_MS / 1000

/**
 * Takes a declared scheme and a request apart into what a program has to do.
 *
 * @throws CountersignError `option-invalid`, `url-not-signable`
 */
export function createProgram(scheme: DeclaredScheme, request: SampleRequest): Program {
  const method = request.method.toUpperCase()
  const { origin, target } = splitUrl(request.url)
  const [path = '/', query = ''] = target.split('?', 2)
  const given = new Map(Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
  const settle = (recipe: Recipe): Recipe =>
    settled(recipe, {
      digest: scheme.algorithm.digest,
      payload: payloadIsQuery(method) ? 'query' : 'body',
      header: headerOf(scheme, given),
    })
  const carriersIn = (place: Carrier['in']): readonly Carrier[] => scheme.carriers.filter(carrier => carrier.in === place)
  const queryCarriers = carriersIn('query')
  const signatureParameter = queryCarriers.find(({ fields }) => fields.includes('signature'))?.name
  const own = carriersIn('header')
    .filter(({ fields }) => scheme.alternatives === undefined || !fields.includes(scheme.alternatives[1]))
    .map(carrier => ({ name: carrier.name, recipe: settle(carrierRecipe(carrier)) }))
  const appended = queryCarriers
    .filter(({ fields }) => !fields.includes('signature'))
    .map(({ name, items }) => ({ name, recipe: settle(join('', items.flat())) }))
  const form = carriersIn('form').map(({ name, fields }) => ({ name, value: fields[0] ?? 'nonce' }))
  if (form.length > 0 && method === 'GET')
    throw new CountersignError(
      'option-invalid',
      `The scheme ${scheme.name} carries ${form.map(({ name }) => name).join(' and ')} in the body: take a method that has one.`,
    )
  const message = settle(scheme.message)
  const signed = signedHeaders(scheme).map(name => ({ name, recipe: settle(field(`header.${name}`)) }))
  const hasBody = request.body !== undefined || form.length > 0
  // The content type is written with every body, and not once more.
  const isWritten = (name: string): boolean => (hasBody && name === 'content-type') || own.some(one => one.name === name)
  const headers = [...own, ...signed.filter(({ name }) => !isWritten(name))]
  const used = new Set([
    ...[message, ...[...headers, ...appended].map(({ recipe }) => recipe)].flatMap(fieldsOf),
    ...form.map(({ value }) => value),
  ])
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
    contentType: hasBody ? (given.get('content-type') ?? contentTypeOf(request.body ?? '', form.length > 0)) : undefined,
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

function contentTypeOf(body: string, isForm: boolean): string {
  return isForm || !/^\s*[{["]/.test(body) ? 'application/x-www-form-urlencoded' : 'application/json'
}

/** Headers of the request's own that the scheme signs. */
function signedHeaders(scheme: DeclaredScheme): readonly string[] {
  return [...scheme.fields].flatMap(name => (name.startsWith('header.') ? [name.slice('header.'.length)] : []))
}

function headerOf(scheme: DeclaredScheme, given: ReadonlyMap<string, string>): (name: string) => string {
  return name => {
    const value = given.get(name)
    if (value === undefined)
      throw new CountersignError('option-invalid', `The scheme ${scheme.name} signs the header ${name}: give it with the request.`)
    return value
  }
}

function carrierRecipe({ prefix, separator = '', items }: Carrier): Recipe {
  return join('', [
    text(prefix),
    join(
      separator,
      items.map(parts => join('', parts)),
    ),
  ])
}

interface Settled {
  readonly digest: Digest
  readonly payload: 'query' | 'body'
  readonly header: (name: string) => string
}

/** The recipe for one request: with what is known of it put in, and the first of alternatives. */
function settled(recipe: Recipe, known: Settled): Recipe {
  switch (recipe.op) {
    case 'field':
      if (recipe.field === 'payload') return field(known.payload)
      return recipe.field.startsWith('header.') ? text(known.header(recipe.field.slice('header.'.length))) : recipe
    case 'filter':
      return filter(recipe.filter, settled(recipe.of, known), recipe.filter === 'hmac' ? known.digest : recipe.with)
    case 'join':
      return join(
        recipe.by,
        recipe.of.map(part => settled(part, known)),
      )
    case 'step':
      return { ...recipe, of: settled(recipe.of, known) }
    case 'first':
      return settled(recipe.of[0] ?? text(''), known)
    default:
      return recipe
  }
}
