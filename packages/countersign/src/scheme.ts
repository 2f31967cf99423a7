import { type AlgorithmFacts, algorithmFacts } from './algorithm.ts'
import type { SignRequest } from './compile-signer.ts'
import type { Credentials } from './credentials.ts'
import type { CryptoProvider } from './crypto/provider.ts'
import type { HeaderDeclaration, MessagePiece, NonceFormat, ParameterDeclaration, SchemeDeclaration } from './declaration.ts'
import type { BytesEncoding, SecretEncoding } from './encoding.ts'
import type { Plan, PlanOptions } from './plan.ts'
import type { SignerOptions } from './sign.ts'
import { type Field, fieldsOf, type Part, parseTemplate } from './template.ts'
import type { TimestampFormat } from './timestamp.ts'

/** Where one or more fields travel. */
export interface Carrier {
  readonly in: 'header' | 'query' | 'form'
  /** Lower case for a header. */
  readonly name: string
  readonly prefix: string
  /** `undefined`: one item, the whole value. */
  readonly separator: string | undefined
  readonly items: readonly (readonly Part[])[]
  readonly fields: readonly Field[]
}

/** What every scheme says of itself, declared or coded. */
export interface SchemeFacts {
  readonly name: string
  readonly title: string
  readonly docs: string | undefined
  /** How a secret is written. */
  readonly secret: { readonly encoding: SecretEncoding; readonly prefix: string }
  /** What a key is: a secret that both sides hold, a key pair, or whichever its owner chose. */
  readonly keys: 'secret' | 'key-pair' | 'either'
  /** Whether a call names its key. Webhooks do not. */
  readonly carriesKeyId: boolean
  readonly hasPassphrase: boolean
  /** Whether a replay can be told from a second delivery: a time or a nonce is signed. */
  readonly detectsReplays: boolean
}

/** A declaration taken apart. Made by {@link defineScheme}, which checks it. */
export interface DeclaredScheme extends SchemeFacts {
  readonly kind: 'declared'
  readonly declaration: SchemeDeclaration
  readonly algorithm: AlgorithmFacts
  readonly message: readonly Part[]
  readonly timestamp:
    | { readonly formats: readonly [TimestampFormat, ...TimestampFormat[]]; readonly meaning: 'issued' | 'expires' }
    | undefined
  readonly nonce: { readonly formats: readonly [NonceFormat, ...NonceFormat[]] }
  readonly signature: { readonly encoding: BytesEncoding }
  readonly carriers: readonly Carrier[]
  /** Two fields of which a call carries exactly one (`{timestamp or nonce}`). */
  readonly alternatives: readonly [Field, Field] | undefined
  readonly parameters: { readonly [name: string]: ParameterDeclaration }
  /** Every field the message or a carrier reads. */
  readonly fields: ReadonlySet<Field>
}

/** A scheme that needs logic, such as RFC 9421: it brings what a declared one is compiled to. */
export interface CodedScheme extends SchemeFacts {
  readonly kind: 'coded'
  /** What travels in which header or query parameter, a sentence each. */
  readonly carries: readonly { readonly in: 'header' | 'query'; readonly name: string; readonly description: string }[]
  /** What is signed, in words. */
  readonly signs: string
  /** @throws CountersignError what is wrong with the credentials or the options */
  readonly compileSigner: (credentials: Credentials, options: SignerOptions, crypto: CryptoProvider) => SignRequest
  readonly compilePlan: (options: PlanOptions) => Plan
}

export type Scheme = DeclaredScheme | CodedScheme

/**
 * Takes a declaration apart that is known to be right: the library's own, which its tests check, so that a client need
 * not carry the checks. Everyone else's go through {@link defineScheme}.
 */
export function readDeclaration(declaration: SchemeDeclaration): DeclaredScheme {
  const { name, title, docs, timestamp, secret } = declaration
  const carriers = [
    ...Object.entries(declaration.headers ?? {}).map(([header, value]) => readCarrier('header', header, value)),
    ...Object.entries(declaration.query ?? {}).map(([parameter, value]) => readCarrier('query', parameter, value)),
    ...Object.entries(declaration.form ?? {}).map(([parameter, value]) => readCarrier('form', parameter, value)),
  ]
  const message = messagePieces(declaration)
    .flatMap(readPiece)
    .flatMap(part => ownHeader(part, carriers))
  const [first, ...rest] = timestamp?.formats ?? []
  const [nonceFormat = 'any', ...nonceFormats] = declaration.nonce?.formats ?? []
  const fields = new Set([...message.flatMap(fieldsOf), ...carriers.flatMap(carrier => carrier.fields)])
  const algorithm = algorithmFacts(declaration.algorithm)
  return {
    kind: 'declared',
    name,
    title,
    docs,
    declaration,
    keys: algorithm.family === 'hmac' ? 'secret' : 'key-pair',
    carriesKeyId: carriers.some(carrier => carrier.fields.includes('keyId')),
    hasPassphrase: fields.has('passphrase'),
    detectsReplays: fields.has('timestamp') || fields.has('nonce'),
    algorithm,
    secret: { encoding: secret?.encoding ?? 'utf8', prefix: secret?.prefix ?? '' },
    message,
    timestamp: first === undefined ? undefined : { formats: [first, ...rest], meaning: timestamp?.meaning ?? 'issued' },
    nonce: { formats: [nonceFormat, ...nonceFormats] },
    signature: declaration.signature,
    carriers,
    alternatives: message
      .map(part => (part.kind === 'field' && part.or !== undefined ? ([part.field, part.or] as const) : undefined))
      .find(pair => pair !== undefined),
    parameters: declaration.parameters ?? {},
    fields,
  }
}

/** `{header.date}`, where the scheme itself writes that header, is what it writes there. */
function ownHeader(part: Part, carriers: readonly Carrier[]): readonly Part[] {
  if (part.kind !== 'field' || part.change !== undefined || !part.field.startsWith('header.')) return [part]
  const name = part.field.slice('header.'.length)
  const own = carriers.find(carrier => carrier.in === 'header' && carrier.name === name && carrier.separator === undefined)
  return own?.items[0] ?? [part]
}

export function messagePieces({ message }: SchemeDeclaration): readonly MessagePiece[] {
  return isPieces(message) ? message : [message]
}

function isPieces(message: SchemeDeclaration['message']): message is readonly MessagePiece[] {
  return Array.isArray(message)
}

function readPiece(piece: MessagePiece): Part[] {
  if (typeof piece === 'string') return parseTemplate(piece)
  const of = (typeof piece.of === 'string' ? [piece.of] : piece.of).flatMap(parseTemplate)
  return [{ kind: 'hash', digest: piece.hash, encoding: piece.encoding, of }]
}

function readCarrier(place: Carrier['in'], name: string, value: HeaderDeclaration): Carrier {
  const { prefix = '', separator = undefined, items } = typeof value === 'string' ? { items: [value] } : value
  const parsed = items.map(parseTemplate)
  return { in: place, name, prefix, separator, items: parsed, fields: parsed.flat().flatMap(fieldsOf) }
}
