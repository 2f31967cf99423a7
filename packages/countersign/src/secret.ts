import { decodeSecret } from './encoding.ts'
import { CountersignError } from './error.ts'
import type { Scheme } from './scheme.ts'

/** A secret shorter than this is refused where a signer, a verifier or a key is made. */
export const MIN_SECRET_BYTES = 16

/** Bytes that never show themselves: not in `console.log`, not in JSON, not in a template string. */
export class Secret {
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The bytes, for the one place that computes with them. */
  reveal(): Uint8Array {
    return this.#bytes
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }
}

export interface SecretOptions {
  /** Take a secret of under 16 bytes, for an API that handed one out. An empty one is always refused. */
  readonly allowShortSecret?: boolean | undefined
}

/**
 * Reads a secret as the scheme says it is written.
 *
 * @throws CountersignError `secret-missing`, `secret-malformed`, `secret-too-short`
 */
export function readSecret(
  scheme: Pick<Scheme, 'name' | 'secret'>,
  secret: string | Uint8Array | undefined,
  options: SecretOptions = {},
): Secret {
  if (secret === undefined || secret.length === 0) {
    throw new CountersignError('secret-missing', `The scheme ${scheme.name} wants a secret.`)
  }
  const { encoding, prefix } = scheme.secret
  const bytes = typeof secret === 'string' ? decodeSecret(secret, encoding, prefix) : Uint8Array.from(secret)
  if (bytes.length === 0) throw new CountersignError('secret-missing', 'The secret is empty.')
  if (bytes.length < MIN_SECRET_BYTES && options.allowShortSecret !== true) {
    throw new CountersignError(
      'secret-too-short',
      `The secret decodes to ${bytes.length} bytes, and at least ${MIN_SECRET_BYTES} are wanted: set allowShortSecret if the API really handed it out.`,
    )
  }
  return new Secret(bytes)
}
