import { CountersignError } from '../../contract/error.ts'
import { type MaybePromise, whenReady } from '../../contract/maybe-promise.ts'
import { type Algorithm, algorithmFacts } from '../../crypto/algorithm.ts'
import type { CryptoProvider, SignMessage } from '../../crypto/provider.ts'
import { refusePublicKey } from '../../keys/no-public-key.ts'
import { encode } from '../../wire/encoding.ts'
import type { Message } from '../../wire/message.ts'

/** What to sign with: the bytes of a secret, or a private key in PEM. */
export type SigningKey =
  | { readonly algorithm: Algorithm; readonly secret: Uint8Array }
  | { readonly algorithm: Algorithm; readonly privateKey: string }

/** What to verify with: the bytes of a secret, or a public key in PEM. */
export type VerifyingKey =
  | { readonly algorithm: Algorithm; readonly secret: Uint8Array }
  | { readonly algorithm: Algorithm; readonly publicKey: string }

/** Signs, in base64. */
export function createMessageSigner(key: SigningKey, crypto: CryptoProvider): SignMessage {
  const facts = algorithmFacts(key.algorithm)
  if (facts.family === 'hmac') return crypto.hmac(facts.digest, secretOf(key), 'base64')
  const sign = crypto.keyPairSign(facts.name, 'privateKey' in key ? key.privateKey : '')
  return message => whenReady(sign(message), bytes => encode(bytes, 'base64'))
}

/** Says whether a signature is that of the message. */
export function createMessageVerifier(
  key: VerifyingKey,
  crypto: CryptoProvider,
): (message: Message, signature: Uint8Array) => MaybePromise<boolean> {
  const facts = algorithmFacts(key.algorithm)
  if (facts.family === 'hmac') {
    const sign = crypto.hmac(facts.digest, secretOf(key), 'base64')
    return (message, signature) => whenReady(sign(message), expected => crypto.equal(expected, encode(signature, 'base64')))
  }
  return crypto.keyPairVerify(facts.name, 'publicKey' in key ? key.publicKey : '')
}

function secretOf(key: SigningKey | VerifyingKey): Uint8Array {
  if ('secret' in key && key.secret.length > 0) {
    refusePublicKey(key.secret)
    return key.secret
  }
  throw new CountersignError('secret-missing', `The algorithm ${key.algorithm} wants a secret.`)
}
