import { CountersignError } from '../contract/error.ts'
import { carriedMac, isDeclared, type Scheme } from '../scheme/scheme.ts'

/** What arrives in a header as it was sent: visible ASCII, with spaces inside, up to 1024 characters. */
export const PASSPHRASE_PATTERN = '[!-~](?:[ -~]{0,1022}[!-~])?'

/** @throws CountersignError `credential-missing` for none, or one that no header can carry where it travels as it is */
export function checkPassphrase(scheme: Scheme, passphrase: string | undefined): void {
  const { name } = scheme
  const travelsSigned = isDeclared(scheme) && carriedMac(scheme) !== undefined
  if (passphrase === undefined || passphrase === '' || !(travelsSigned || new RegExp(`^${PASSPHRASE_PATTERN}$`).test(passphrase)))
    throw new CountersignError(
      'credential-missing',
      `The scheme ${name} wants a passphrase: up to 1024 visible ASCII characters, with spaces only between them.`,
    )
}
