import type { Algorithm } from '../crypto/algorithm.ts'
import { MIN_RSA_BITS } from '../crypto/modulus.ts'
import { signatureBytes } from '../crypto/signature-bytes.ts'
import type { TimelyClaim } from '../scheme/plan.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { decodedLength } from '../wire/encoding.ts'
import { MAX_RSA_BITS } from './public-key.ts'

/** Whether every signature of the scheme has the same length, so that it tells nothing. */
export function hasOnlyOneLength(scheme: Scheme): boolean {
  return scheme.algorithms.length === 1 && scheme.keys === 'secret'
}

/** Lengths of the presented signatures, in bytes. */
export function lengthsOf(scheme: Scheme, { signature, moreSignatures }: TimelyClaim): readonly number[] {
  const lengthOfText = (text: string): number => decodedLength(text, scheme.signature.encoding)
  return moreSignatures.length === 0 ? [lengthOfText(signature)] : [signature, ...moreSignatures].map(lengthOfText)
}

/**
 * Algorithms whose checks take equally long have one kind: RSA's time is that of its modulus, whatever is made of the
 * message.
 */
export function kindOf(name: Algorithm): string {
  return name.startsWith('rsa') ? 'rsa' : name
}

/** Whether a signature of `length` bytes, with the call's label, may be one of the algorithm. */
export function calledFor(name: Algorithm, length: number, { algorithms }: TimelyClaim): boolean {
  return algorithms?.includes(name) !== false && hasLength(name, length)
}

/** Whether a signature of `length` bytes may be one of the algorithm; RSA's are as long as the modulus. */
function hasLength(name: Algorithm, length: number): boolean {
  if (!name.startsWith('rsa')) return signatureBytes(name) === length
  return Number.isInteger(length) && length >= MIN_RSA_BITS / 8 && length <= MAX_RSA_BITS / 8
}
