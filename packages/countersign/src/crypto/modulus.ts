import { CountersignError } from '../error.ts'

/** RSA keys with fewer bits are refused, public and private. */
export const MIN_RSA_BITS = 2048

/**
 * What no verifier takes is not signed with.
 *
 * @param bits of an RSA key's modulus; `undefined` for every other key
 * @throws CountersignError `private-key-malformed`
 */
export function checkModulus(bits: number | undefined): void {
  if (bits !== undefined && bits < MIN_RSA_BITS)
    throw new CountersignError(
      'private-key-malformed',
      `The private key has ${bits} bits, and at least ${MIN_RSA_BITS} are wanted: make a new one.`,
    )
}
