import type { MaybePromise } from '../contract/maybe-promise.ts'
import type { BytesEncoding } from '../wire/encoding.ts'
import type { Message } from '../wire/message.ts'
import type { Digest, KeyPairAlgorithm } from './algorithm.ts'

/** Signs a message, and writes the signature in the scheme's encoding. */
export type SignMessage = (message: Message) => MaybePromise<string>

/** Signs a message, as bytes. */
export type SignBytes = (message: Message) => MaybePromise<Uint8Array>

/** Says whether a signature, as decoded bytes, is the one of the message. */
export type VerifyMessage = (message: Message, signature: Uint8Array) => MaybePromise<boolean>

/** A hash that is not finished, of what it was fed so far. */
export interface RunningHash {
  update(bytes: Uint8Array): RunningHash
  copy(): RunningHash
  /** Ends it. */
  digest(): Uint8Array
}

/** What the library asks of the platform. `crypto/node.ts` answers at once, `crypto/web.ts` with promises. */
export interface CryptoProvider {
  /** Whether every answer is a value rather than a promise. */
  readonly synchronous: boolean
  hash(digest: Digest, message: Message): MaybePromise<Uint8Array>
  /** Begins a hash that is fed piece by piece; left out where the platform's can't be copied half-way. */
  readonly startHash?: ((digest: Digest) => RunningHash) | undefined
  hashText(digest: Digest, message: Message, encoding: BytesEncoding): MaybePromise<string>
  hmac(digest: Digest, secret: Uint8Array, encoding: BytesEncoding): SignMessage
  /**
   * @param pem PKCS#8; PKCS#1 for RSA, SEC 1 for ECDSA. @throws CountersignError `private-key-malformed`, at once or as
   * a rejection
   */
  keyPairSign(algorithm: KeyPairAlgorithm, pem: string): SignBytes
  /** @param pem SPKI; PKCS#1 for RSA. @throws CountersignError `public-key-malformed`, at once or as a rejection */
  keyPairVerify(algorithm: KeyPairAlgorithm, pem: string): VerifyMessage
  utf8(text: string): Uint8Array<ArrayBuffer>
  /** Compares two texts in a time that does not depend on where they differ. */
  equal(a: string, b: string): boolean
}
