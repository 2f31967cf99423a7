import type { Algorithm } from '../crypto/algorithm.ts'

export interface SecretOptions {
  /** Take a secret of under 16 bytes, for an API that handed one out. An empty one is always refused. */
  readonly allowShortSecret?: boolean | undefined
}

export interface Credentials extends SecretOptions {
  /** The API key id, as it travels. Schemes without one (webhooks) leave it out. */
  readonly keyId?: string | undefined
  /** The secret as it was shown when the key was made (the scheme knows its encoding), or its bytes. */
  readonly secret?: string | Uint8Array | undefined
  /** PEM, for the schemes with a key pair: PKCS#8; PKCS#1 for RSA, SEC 1 for ECDSA. */
  readonly privateKey?: string | undefined
  /**
   * For the schemes where it goes with the key (RFC 9421). Default: the scheme's first that fits the secret or the
   * private key.
   */
  readonly algorithm?: Algorithm | undefined
  /** For the schemes that take temporary credentials (SigV4). */
  readonly sessionToken?: string | undefined
  /** For the schemes that want one beside the secret. */
  readonly passphrase?: string | undefined
}
