import { randomBytes } from 'node:crypto'
import type { Scheme } from 'countersign'

/** As long as the secrets of public examples of the Qredo API. */
const SECRET_BYTES = 60
const PASSPHRASE_BYTES = 16

/** A secret, written as the scheme's users expect it. */
export function newSecret({ secret: { encoding, prefix } }: Scheme): string {
  const bytes = randomBytes(SECRET_BYTES)
  switch (encoding) {
    case 'utf8':
      return prefix + bytes.toString('base64url')
    case 'hex':
      return prefix + bytes.toString('hex')
    default:
      return prefix + bytes.toString('base64')
  }
}

export function newPassphrase(): string {
  return randomBytes(PASSPHRASE_BYTES).toString('base64url')
}
