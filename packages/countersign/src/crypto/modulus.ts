import { CountersignError } from '../contract/error.ts'

/** RSA keys with fewer bits are refused, public and private. */
export const MIN_RSA_BITS = 2048

/**
 * The one public exponent that is taken, 65537, in bytes. A smaller one is weak (FIPS 186-5 §5.1 forbids it), and with
 * another one a verifier's time would tell that the key is known.
 */
export const RSA_EXPONENT: readonly number[] = [1, 0, 1]

/**
 * Refuses an RSA key that anyone might take apart. What no verifier takes is not signed with.
 *
 * @param bits of an RSA key's modulus; `undefined` for every other key
 * @param exponent of an RSA key, in bytes
 * @throws CountersignError `private-key-malformed` or `public-key-malformed`
 */
export function checkRsa(bits: number | undefined, exponent: ArrayLike<number> | undefined, kind: 'private' | 'public'): void {
  if (bits !== undefined && bits < MIN_RSA_BITS)
    throw new CountersignError(
      `${kind}-key-malformed`,
      `The ${kind} key has ${bits} bits, and at least ${MIN_RSA_BITS} are wanted: make a new one.`,
    )
  if (exponent !== undefined && Array.from(exponent).join() !== RSA_EXPONENT.join())
    throw new CountersignError(`${kind}-key-malformed`, `The ${kind} key has another public exponent than 65537: make a new one.`)
}

/** Takes the work that a signature costs down to what it may be compared with. */
export type Reduce = (signature: Uint8Array) => { readonly signature: Uint8Array; readonly isInRange: boolean }

/**
 * A platform refuses an RSA signature that is not below the modulus before it does any work; so the time would tell
 * where a modulus lies, and with it whether a key is known. Such a one is made a smaller one, checked, and refused
 * whatever comes of that.
 *
 * @param spki of an RSA key, in DER
 */
export function createReducer(spki: Uint8Array): Reduce {
  const modulus = modulusOf(spki)
  return given => {
    const signature = Uint8Array.from(given)
    const isInRange = isBelow(signature, modulus)
    if (!isInRange) signature[0] = 0
    return { signature, isInRange }
  }
}

/** SEQUENCE { SEQUENCE algorithm, BIT STRING { SEQUENCE { INTEGER modulus, … } } }, of a key that was read already. */
function modulusOf(spki: Uint8Array): Uint8Array {
  const contentOf = (der: Uint8Array): readonly [content: Uint8Array, rest: Uint8Array] => {
    const first = der[1] ?? 0
    const size = first < 0x80 ? 0 : first & 0x7f
    const length = size === 0 ? first : der.subarray(2, 2 + size).reduce((value, byte) => value * 256 + byte, 0)
    const start = 2 + size
    return [der.subarray(start, start + length), der.subarray(start + length)]
  }
  const [, bits] = contentOf(contentOf(spki)[0])
  const [numbers] = contentOf(contentOf(bits)[0].subarray(1))
  const [modulus] = contentOf(numbers)
  return modulus[0] === 0 ? modulus.subarray(1) : modulus
}

/** Of numbers that are equally long. */
function isBelow(one: Uint8Array, other: Uint8Array): boolean {
  const at = one.findIndex((byte, index) => byte !== other[index])
  return at >= 0 && (one[at] ?? 0) < (other[at] ?? 0)
}
