import { type Algorithm, algorithmFacts } from './algorithm.ts'
import { type CryptoProvider, type SignMessage, whenReady } from './crypto/provider.ts'
import { encode } from './encoding.ts'
import { CountersignError } from './error.ts'
import { fieldsOf } from './recipe/recipe.ts'
import type { Scheme } from './scheme.ts'
import { readSecret, type SecretOptions } from './secret.ts'

export interface Credentials extends SecretOptions {
  /** The API key id, as it travels. Schemes without one (webhooks) leave it out. */
  readonly keyId?: string | undefined
  /** The secret as it was shown when the key was made (the scheme knows its encoding), or its bytes. */
  readonly secret?: string | Uint8Array | undefined
  /** PEM, for the schemes with a key pair: PKCS#8; PKCS#1 for RSA, SEC 1 for ECDSA. */
  readonly privateKey?: string | undefined
  /** For the schemes where it goes with the key (RFC 9421). Default: `hmac-sha256` for a secret, what fits the private key for that. */
  readonly algorithm?: Algorithm | undefined
  /** For the schemes that take temporary credentials (SigV4). */
  readonly sessionToken?: string | undefined
  /** For the schemes that want one beside the secret. */
  readonly passphrase?: string | undefined
}

export const KEY_ID = /^[\x21-\x2b\x2d-\x7e]{1,1024}$/

export function checkCredentials(scheme: Scheme, { keyId, algorithm }: Credentials): void {
  if (algorithm !== undefined && !scheme.algorithms.includes(algorithm))
    throw new CountersignError('option-invalid', `The scheme ${scheme.name} signs with ${scheme.algorithms.join(', ')}, not ${algorithm}.`)
  if (
    wantsKeyId(scheme)
      ? keyId === undefined || !KEY_ID.test(keyId)
      : keyId !== undefined && scheme.keyId === 'optional' && !KEY_ID.test(keyId)
  )
    throw new CountersignError(
      'credential-missing',
      `The scheme ${scheme.name} wants a keyId: 1 to 1024 visible ASCII characters without a comma.`,
    )
}

function wantsKeyId(scheme: Scheme): boolean {
  return scheme.keyId === 'carried' || scheme.message.of.some(part => fieldsOf(part).includes('keyId'))
}

/** Signs a message with what the credentials hold, in the scheme's encoding. */
export function createSignMessage(scheme: Scheme, credentials: Credentials, algorithm: Algorithm, crypto: CryptoProvider): SignMessage {
  const { encoding } = scheme.signature
  const facts = algorithmFacts(algorithm)
  if (facts.family === 'hmac') return crypto.hmac(facts.digest, readSecret(scheme, credentials.secret, credentials).reveal(), encoding)
  if (credentials.privateKey === undefined)
    throw new CountersignError('credential-missing', `The scheme ${scheme.name} wants a privateKey, in PEM.`)
  const sign = crypto.keyPairSign(facts.name, credentials.privateKey)
  return message => whenReady(sign(message), bytes => encode(bytes, encoding))
}
