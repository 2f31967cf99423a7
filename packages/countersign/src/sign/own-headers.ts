import { CountersignError } from '../contract/error.ts'
import type { Line } from '../wire/header-lines.ts'

/**
 * A verifier reads some headers beside the signature: what they hold is the signer's to say. One that the caller gives,
 * and the signer does not write over, could make a call that no verifier takes.
 *
 * @param own names that this call must not have from its caller, in lower case
 * @param given names in lower case
 * @throws CountersignError `option-invalid`
 */
export function refuseOwnHeaders(scheme: string, own: readonly string[], given: readonly Line[]): void {
  const found = own.find(name => given.some(([one]) => one === name))
  if (found === undefined) return
  throw new CountersignError(
    'option-invalid',
    `A verifier of the scheme ${scheme} reads the header ${found} beside the signature: leave it out, the signer writes it where a call has it.`,
  )
}
