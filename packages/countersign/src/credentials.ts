import type { Algorithm } from './algorithm.ts'
import { type CryptoProvider, type MaybePromise, type SignMessage, whenReady } from './crypto/provider.ts'
import { encode } from './encoding.ts'
import { CountersignError } from './error.ts'
import type { DeclaredScheme, Scheme } from './scheme.ts'
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

export function checkCredentials(scheme: Scheme, { keyId, passphrase }: Credentials): void {
  if ((scheme.carriesKeyId || (scheme.kind === 'declared' && scheme.fields.has('keyId'))) && (keyId === undefined || !KEY_ID.test(keyId))) {
    throw new CountersignError(
      'credential-missing',
      `The scheme ${scheme.name} wants a keyId: 1 to 1024 visible ASCII characters without a comma.`,
    )
  }
  if (scheme.hasPassphrase && (passphrase === undefined || passphrase === '')) {
    throw new CountersignError('credential-missing', `The scheme ${scheme.name} wants a passphrase.`)
  }
}

export function createSignMessage(scheme: DeclaredScheme, credentials: Credentials, crypto: CryptoProvider): SignMessage {
  const { algorithm } = scheme
  const { encoding } = scheme.signature
  if (algorithm.family === 'hmac')
    return crypto.hmac(algorithm.digest, readSecret(scheme, credentials.secret, credentials).reveal(), encoding)
  if (credentials.privateKey === undefined)
    throw new CountersignError('secret-missing', `The scheme ${scheme.name} wants a privateKey, in PEM.`)
  const sign = crypto.keyPairSign(algorithm.name, credentials.privateKey)
  return message => whenReady(sign(message), bytes => encode(bytes, encoding))
}

/** For the schemes that send the passphrase signed (`{passphrase|hmac|base64}`); `undefined` for the others. */
export function createPassphraseSigner(
  scheme: DeclaredScheme,
  credentials: Credentials,
  crypto: CryptoProvider,
): (() => MaybePromise<string>) | undefined {
  const mac = scheme.carriers.flatMap(carrier => carrier.items.flat()).find(part => part.kind === 'mac')
  if (mac?.kind !== 'mac') return undefined
  const sign = crypto.hmac(scheme.algorithm.digest, readSecret(scheme, credentials.secret, credentials).reveal(), mac.encoding)
  return () => sign({ before: credentials.passphrase ?? '', body: undefined, after: '' })
}
