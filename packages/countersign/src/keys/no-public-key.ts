import { CountersignError } from '../contract/error.ts'
import type { SecretOptions } from '../scheme/credentials.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { encode, fromBase64, utf8 } from '../wire/encoding.ts'
import { readSecret, type Secret } from './secret.ts'

/** What a public key looks like as text: PEM or SSH2 wherever it begins, a line of SSH, a JWK. */
const TEXT = /-- ?BEGIN |"kty"|^\s*"?(?:ssh|ecdsa|sk)-\S+ AAAA/

/**
 * How its bytes begin, in hexadecimal: SPKI (RSA, EC, Ed25519) and PKCS#1 in DER, and the form that SSH has in base64.
 */
const BYTES = /^30(?:..|81..|82.{4})(?:30..06..(?:2a8648|2b65)|0282.{4}00)|^0{6}..(?:7373682d|6563647361|736b2d)/

/** In characters or bytes: more than the longest beginning above. */
const MAX_BEGINNING = 64

/**
 * Reads a secret, and refuses a public key in its place: a MAC under that proves nothing, since everyone may have it.
 * Called wherever a key is made to verify with, and by the signers of schemes that take either kind of key.
 *
 * @throws CountersignError what {@link readSecret} throws
 */
export function readSecretOnly(scheme: Scheme, given: string | Uint8Array | undefined, options: SecretOptions): Secret {
  // As it was given, too: a PEM isn't base64.
  if (given !== undefined) refusePublicKey(typeof given === 'string' ? utf8(given) : given)
  const secret = readSecret(scheme, given, options)
  refusePublicKey(secret.reveal())
  return secret
}

/** @throws CountersignError `secret-malformed` */
export function refusePublicKey(secret: Uint8Array): void {
  const text = new TextDecoder('latin1').decode(secret)
  const digits = text.replace(/\s|\\n|"/g, '').slice(0, MAX_BEGINNING)
  const beginnings = [secret, fromBase64(digits) ?? secret].map(bytes => encode(bytes.subarray(0, MAX_BEGINNING), 'hex'))
  if (!TEXT.test(text) && !beginnings.some(beginning => BYTES.test(beginning))) return
  throw new CountersignError(
    'secret-malformed',
    'The secret is a public key or another key in PEM, and whoever has a public key could sign with it: give a publicKey, or the secret itself.',
  )
}
