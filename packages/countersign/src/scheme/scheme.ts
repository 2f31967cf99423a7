import type { Loss, Only } from '../contract/loss.ts'
import type { MaybePromise } from '../contract/maybe-promise.ts'
import type { Algorithm, AlgorithmFacts } from '../crypto/algorithm.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { Call } from '../recipe/call.ts'
import type { Capabilities } from '../recipe/compile.ts'
import { type Field, type MessageRecipe, macOf, type Recipe } from '../recipe/recipe.ts'
import type { BytesEncoding, SecretEncoding } from '../wire/encoding.ts'
import type { NonceFormat } from '../wire/nonce.ts'
import type { Clock, TimestampFormat } from '../wire/timestamp.ts'
import type { Credentials } from './credentials.ts'
import type { ParameterDeclaration, SchemeDeclaration } from './declaration.ts'
import type { Plan, Preparer, SignComposition } from './plan.ts'
import type { SignableRequest, SignerOptions } from './request.ts'
import type { SchemeTypes } from './scheme-types.ts'

declare const types: unique symbol

/**
 * What every scheme says of itself, to the engine and to everyone who shows it.
 *
 * @typeParam T what the compiler knows of it; nothing where it is chosen when the program runs
 */
export interface Scheme<T extends SchemeTypes = SchemeTypes> {
  /** Never there: for the compiler alone. */
  readonly [types]?: T
  /** What users type. */
  readonly name: string
  readonly title: string
  readonly docs: string | undefined
  /** Those that a key may have. The first that fits a key is its default. */
  readonly algorithms: readonly [Algorithm, ...Algorithm[]]
  /** What a key is: a secret that both sides hold, a key pair, or whichever its owner chose. */
  readonly keys: 'secret' | 'key-pair' | 'either'
  /** How a secret is written. */
  readonly secret: { readonly encoding: SecretEncoding; readonly prefix: string }
  /**
   * The secret is not used as it is: an HMAC key is derived from `prefix` and the secret, over each text of `derive` in
   * turn.
   *
   * @internal
   */
  readonly derivedKey: { readonly prefix: string; readonly derive: readonly Recipe[] } | undefined
  readonly signature: { readonly encoding: BytesEncoding }
  /**
   * How the signed message is made. Where the client may choose what it covers, that of a call which covers what is
   * demanded.
   *
   * @internal
   */
  readonly message: MessageRecipe
  /** Whether a call names its key. Webhooks do not; `optional`: unless the verifier names one. */
  readonly keyId: 'carried' | 'none' | 'optional'
  readonly hasPassphrase: boolean
  /** Whether a replay can be told from a second delivery: a time or a nonce is signed. */
  readonly detectsReplays: boolean
  /** Which calls a verifier takes unless it says so itself. */
  readonly only: Only
  /** Losses that the scheme's own standard allows, beyond those that are always accepted. */
  readonly accepts: readonly Loss[]
  /**
   * The logic of a scheme that isn't data.
   *
   * @internal
   */
  readonly base: Base | undefined
}

/** A place that a call's signature travels in, or something that the signature needs. */
export interface Carried {
  readonly in: 'header' | 'query' | 'form'
  /** Lower case for a header. */
  readonly name: string
  /** Whether every call has it. */
  readonly required: boolean
  /** Whether what it holds must not be shown: a passphrase. */
  readonly secret: boolean
  /** What it holds: a template, or words. */
  readonly holds: string
}

/**
 * The logic of a scheme whose parts no declaration can say, such as RFC 9421's structured fields. All it makes is
 * recipes.
 */
interface Base {
  readonly createPlan: (crypto: CryptoProvider) => Plan
  /** @throws CountersignError what is wrong with the credentials or the options */
  readonly createPreparer: (credentials: Credentials, options: SignerOptions, crypto: CryptoProvider) => Preparer
  /** `createAnySigner` of keys/sign.ts: a declared scheme's signer need not carry it. */
  readonly createSigner: (scheme: Scheme, credentials: Credentials, crypto: CryptoProvider) => SignComposition
  /**
   * Every place that a call's signature is read from, in all forms that the plan accepts; so a gateway takes them all
   * out.
   */
  readonly carries: readonly Carried[]
  /**
   * The parts of the coverage table that state a digest of the body which the plan has compared, such as
   * `header.content-digest`: where one is signed, the body is.
   */
  readonly bodyDigests: readonly string[]
  /** Where the time is and how it is written, in words; `none` where none is signed. */
  readonly timestamp: string
  /** What is signed, in words. */
  readonly signs: string
  readonly takes: SignerTakes
}

/** What a scheme's signer may be given; anything else would be dropped without a word, and is refused. */
export interface SignerTakes {
  /** Names of parameters. */
  readonly parameters: readonly string[]
  /** The formats that it can be told to write a time in; a scheme with logic has its own. */
  readonly timestamps: readonly TimestampFormat[]
  readonly nonce: boolean
  readonly sessionToken: boolean
}

/** Where one or more fields travel. */
export interface Carrier {
  readonly in: 'header' | 'query' | 'form'
  /** Lower case for a header. */
  readonly name: string
  readonly prefix: string
  /** `undefined`: one item, the whole value. */
  readonly separator: string | undefined
  /** Of each item, the recipes one behind the other. */
  readonly items: readonly (readonly Recipe[])[]
  readonly fields: readonly Field[]
}

/** A declaration taken apart. Made by {@link defineScheme}, which checks it. */
export interface DeclaredScheme<T extends SchemeTypes = SchemeTypes> extends Scheme<T> {
  readonly declaration: SchemeDeclaration
  /** @internal */
  readonly algorithm: AlgorithmFacts
  /** @internal */
  readonly timestamp:
    | { readonly formats: readonly [TimestampFormat, ...TimestampFormat[]]; readonly meaning: 'issued' | 'expires' }
    | undefined
  /** @internal */
  readonly nonce: { readonly formats: readonly [NonceFormat, ...NonceFormat[]] }
  /** @internal */
  readonly carriers: readonly Carrier[]
  /**
   * Two fields of which a call carries exactly one (`{timestamp or nonce}`).
   *
   * @internal
   */
  readonly alternatives: readonly [Field, Field] | undefined
  /** @internal */
  readonly parameters: { readonly [name: string]: ParameterDeclaration }
  /**
   * Every field the message or a carrier reads.
   *
   * @internal
   */
  readonly fields: ReadonlySet<Field>
  /** @internal */
  readonly features: SignerFeatures
}

/**
 * Writes what a carrier says: of the call, its signature, and the passphrase's own signature where one is asked for.
 */
export type WriteCarrier = (call: Call, signature: string, signedPassphrase: string) => string

export interface CarrierWriter {
  readonly carrier: Carrier
  readonly write: WriteCarrier
}

/**
 * What some schemes' calls need beyond headers, each in a module of its own so that a signer of the others need not
 * carry it.
 */
export interface SignerFeatures {
  /** What its recipes need. */
  readonly recipes?: Capabilities
  /** @returns whether a boundary in the message of a call could move, so that a verifier refuses it */
  readonly openEnds?: (scheme: DeclaredScheme) => (call: Call) => boolean
  /** What puts the parameters behind a target: those that are signed, and in the end the signature. */
  readonly queries?: (writers: readonly CarrierWriter[]) => {
    readonly signed: (target: string, call: Call) => string
    readonly sent: (call: Call, signature: string) => string
  }
  /**
   * What writes the time of a call, for timestamps that say when it ends or are not counted from the epoch.
   *
   * @param lifetimeMs how far an end lies ahead
   */
  readonly stamp?: (scheme: DeclaredScheme, format: TimestampFormat, clock: Clock, lifetimeMs: number | undefined) => () => string
  /** Whether a verifier would take this as a timestamp. Where there is none, the epoch is told by its digits. */
  readonly isTimestamp?: (text: string, formats: readonly TimestampFormat[]) => boolean
  /** @returns the nonce of a call: what was given, checked, or one made up */
  readonly nonces?: (scheme: DeclaredScheme, clock: Clock) => (request: SignableRequest) => string
  /** @param contentType of a body that was given as a JSON value */
  readonly headers?: (request: SignableRequest, contentType: string | undefined) => Call['header']
  readonly parameters?: (scheme: DeclaredScheme, options: SignerOptions) => () => Call['parameters']
  /**
   * @returns a preparer that tries with a verifier's reader what it makes. @throws CountersignError `option-invalid`
   */
  readonly readBack?: (scheme: DeclaredScheme, preparer: Preparer, options: SignerOptions) => Preparer
  /** Puts what the body has to carry into the call. @returns the body that is sent, and what it is */
  readonly forms?: (
    scheme: DeclaredScheme,
    call: Call,
    isJson: boolean,
    crypto: CryptoProvider,
  ) => { readonly bytes: Uint8Array<ArrayBuffer>; readonly contentType: string }
  /** @returns what signs the passphrase, where it travels signed. @throws CountersignError `credential-missing` */
  readonly passphrases?: (
    scheme: DeclaredScheme,
    credentials: Credentials,
    crypto: CryptoProvider,
  ) => (() => MaybePromise<string>) | undefined
}

/** Whether a scheme is data through and through, so that samples, explanations and other formats can be made of it. */
export function isDeclared(scheme: Scheme): scheme is DeclaredScheme {
  return 'declaration' in scheme
}

/**
 * How the passphrase is written where it travels signed (`{passphrase|hmac|base64}`); `undefined` where it travels as
 * it is.
 *
 * @internal
 */
export function carriedMac({ carriers }: Pick<DeclaredScheme, 'carriers'>): BytesEncoding | undefined {
  for (const part of carriers.flatMap(carrier => carrier.items.flat())) {
    const mac = macOf(part)
    if (mac !== undefined) return mac.encoding
  }
  return undefined
}
