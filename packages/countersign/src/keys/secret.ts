import type { SecretOptions } from '../scheme/credentials.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { readSecretBytes } from './secret-bytes.ts'

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

/** {@link readSecretBytes}, to be kept. */
export function readSecret(
  scheme: Pick<Scheme, 'name' | 'secret'>,
  secret: string | Uint8Array | undefined,
  options?: SecretOptions,
): Secret {
  return new Secret(readSecretBytes(scheme, secret, options))
}
