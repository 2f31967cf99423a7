import type { CryptoProvider, MaybePromise, SignMessage } from './crypto/provider.ts'
import { CountersignError } from './error.ts'
import type { Scheme } from './scheme.ts'
import { readSecret, type SecretOptions } from './secret.ts'

export interface Credentials extends SecretOptions {
  /** The API key id, as it travels. Schemes without one (webhooks) leave it out. */
  readonly keyId?: string | undefined
  /** The secret as it was shown when the key was made (the scheme knows its encoding), or its bytes. */
  readonly secret?: string | Uint8Array | undefined
  /** PEM, PKCS#1 or PKCS#8, for the RSA schemes. */
  readonly privateKey?: string | undefined
  /** For the schemes that want one beside the secret. */
  readonly passphrase?: string | undefined
}

export const KEY_ID = /^[\x21-\x2b\x2d-\x7e]{1,1024}$/

export function checkCredentials(scheme: Scheme, { keyId, passphrase }: Credentials): void {
  if (scheme.fields.has('keyId') && (keyId === undefined || !KEY_ID.test(keyId))) {
    throw new CountersignError(
      'credential-missing',
      `The scheme ${scheme.name} carries a key id: give keyId, 1 to 1024 visible ASCII characters without a comma.`,
    )
  }
  if (scheme.fields.has('passphrase') && (passphrase === undefined || passphrase === '')) {
    throw new CountersignError('credential-missing', `The scheme ${scheme.name} wants a passphrase beside the secret: give passphrase.`)
  }
}

export function createSignMessage(scheme: Scheme, credentials: Credentials, crypto: CryptoProvider): SignMessage {
  const { family, digest } = scheme.algorithm
  if (family === 'hmac') return crypto.hmac(digest, readSecret(scheme, credentials.secret, credentials).reveal(), scheme.signature.encoding)
  if (credentials.privateKey === undefined)
    throw new CountersignError('secret-missing', `The scheme ${scheme.name} signs with an RSA key: give privateKey, in PEM.`)
  return crypto.rsaSign(digest, credentials.privateKey, scheme.signature.encoding)
}

/** For the schemes that send the passphrase signed (`{passphrase|hmac|base64}`); `undefined` for the others. */
export function createPassphraseSigner(
  scheme: Scheme,
  credentials: Credentials,
  crypto: CryptoProvider,
): (() => MaybePromise<string>) | undefined {
  const mac = scheme.carriers.flatMap(carrier => carrier.items.flat()).find(part => part.kind === 'mac')
  if (mac?.kind !== 'mac') return undefined
  const sign = crypto.hmac(scheme.algorithm.digest, readSecret(scheme, credentials.secret, credentials).reveal(), mac.encoding)
  return () => sign({ before: credentials.passphrase ?? '', body: undefined, after: '' })
}
