import type { TimestampFormat } from '../wire/timestamp.ts'
import type { Credentials } from './credentials.ts'
import type { SchemeDeclaration } from './declaration.ts'
import type { PartNames, Templates } from './known-parts.ts'

/**
 * What the compiler knows of a scheme, so that a signer is given what the scheme wants and nothing else. Of a scheme
 * that is only known when the program runs it knows nothing: {@link SchemeTypes} itself.
 */
export interface SchemeTypes {
  readonly credentials: Credentials
  /** The formats that a signer may be told to write. */
  readonly timestamp: TimestampFormat
  /** Names of the scheme's parameters. */
  readonly parameters: string
  /** Names of the headers that every signed call has. */
  readonly headers: string
  /** Names of those that some have. */
  readonly someHeaders: string
}

/** Credentials of which nothing but what is named here may be given. */
type OnlyOf<Given extends Partial<Credentials>> = Given & { readonly [Name in Exclude<keyof Credentials, keyof Given>]?: never }

/**
 * A secret, as it was shown when the key was made, or its bytes.
 *
 * @public the types of the shipped schemes name it
 */
export interface SecretCredentials extends Pick<Credentials, 'allowShortSecret'> {
  readonly secret: string | Uint8Array
}

/**
 * In PEM.
 *
 * @public the types of the shipped schemes name it
 */
export interface KeyPairCredentials {
  readonly privateKey: string
}

interface NamedKey {
  readonly keyId: string
}

/** {@link SchemeTypes} of SigV4, in either of its forms. */
export interface SigV4Types extends SchemeTypes {
  readonly credentials: OnlyOf<SecretCredentials & NamedKey & Pick<Credentials, 'sessionToken' | 'algorithm'>>
  readonly timestamp: never
  readonly parameters: 'service' | 'region' | 'expires'
  readonly headers: never
  readonly someHeaders: 'authorization' | 'x-amz-date' | 'x-amz-security-token' | 'x-amz-content-sha256'
}

/** {@link SchemeTypes} of RFC 9421. */
export interface MessageSignaturesTypes extends SchemeTypes {
  readonly credentials: EitherKey & Pick<Credentials, 'keyId' | 'algorithm'>
  readonly timestamp: never
  readonly parameters: never
  readonly headers: 'signature-input' | 'signature'
  readonly someHeaders: 'content-digest'
}

/** {@link SchemeTypes} of draft 12. */
export interface DraftSignaturesTypes extends SchemeTypes {
  readonly credentials: EitherKey & NamedKey & Pick<Credentials, 'algorithm'>
  readonly timestamp: never
  readonly parameters: never
  readonly headers: never
  readonly someHeaders: 'authorization' | 'signature' | 'digest' | 'date' | 'x-date'
}

type EitherKey = ((SecretCredentials & { readonly privateKey?: never }) | (KeyPairCredentials & { readonly secret?: never })) & {
  readonly passphrase?: never
  readonly sessionToken?: never
}

/** {@link SchemeTypes} of a declaration; of one that was read from a file, say, nothing is known. */
export type TypesOf<D extends SchemeDeclaration> = string extends D['name']
  ? SchemeTypes
  : {
      readonly credentials: OnlyOf<KeyOf<D> & Pick<Credentials, 'algorithm'> & Demanded<'keyId', D> & Demanded<'passphrase', D>>
      readonly timestamp: D extends { readonly timestamp: { readonly formats: readonly (infer F extends TimestampFormat)[] } } ? F : never
      readonly parameters: D extends { readonly parameters: infer P } ? keyof P & string : never
      readonly headers: Exclude<HeaderNames<D>, LeftOut<D>>
      readonly someHeaders: LeftOut<D>
    }

type KeyOf<D extends SchemeDeclaration> = D['algorithm'] extends `hmac-${string}` ? SecretCredentials : KeyPairCredentials

/** A part that a template of the declaration names has to be given. */
type Demanded<Name extends 'keyId' | 'passphrase', D extends SchemeDeclaration> =
  Name extends PartNames<Templates<D>> ? { readonly [N in Name]: string } : unknown

type HeaderNames<D> = D extends { readonly headers: infer H } ? keyof H & string : never

/** Of `{timestamp or nonce}`, either header is left out. */
type LeftOut<D extends SchemeDeclaration> = D extends {
  readonly message: `${string}{timestamp or nonce}${string}`
  readonly headers: infer H
}
  ? { [N in keyof H & string]: H[N] extends '{timestamp}' | '{nonce}' ? N : never }[keyof H & string]
  : never
