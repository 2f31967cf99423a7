import { CountersignError } from '../contract/error.ts'
import type { SecretOptions } from '../scheme/credentials.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { decodeSecret } from '../wire/encoding.ts'

/** A secret shorter than this is refused where a signer, a verifier or a key is made. */
export const MIN_SECRET_BYTES = 16

/**
 * Reads a secret as the scheme says it is written.
 *
 * @throws CountersignError `secret-missing`, `secret-malformed`, `secret-too-short`
 */
export function readSecretBytes(
  scheme: Pick<Scheme, 'name' | 'secret'>,
  secret: string | Uint8Array | undefined,
  options: SecretOptions = {},
): Uint8Array {
  refusePem(secret)
  const { encoding, prefix } = scheme.secret
  const bytes = typeof secret === 'string' ? decodeSecret(secret, encoding, prefix) : Uint8Array.from(secret ?? [])
  if (bytes.length === 0) throw new CountersignError('secret-missing', `The scheme ${scheme.name} wants a secret.`)
  if (bytes.length < MIN_SECRET_BYTES && options.allowShortSecret !== true) {
    throw new CountersignError(
      'secret-too-short',
      `The secret has ${bytes.length} bytes of at least ${MIN_SECRET_BYTES}: set allowShortSecret if the API gave it out.`,
    )
  }
  return bytes
}

/** Whoever has a public key could sign with it. @throws CountersignError `secret-malformed` */
function refusePem(secret: string | Uint8Array | undefined): void {
  if (/^\s*-----BEGIN /.test(typeof secret === 'string' ? secret : new TextDecoder().decode(secret)))
    throw new CountersignError('secret-malformed', 'The secret is a key in PEM: give a secret.')
}
