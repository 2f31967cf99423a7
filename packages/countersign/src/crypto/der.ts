import { concatBytes } from '../wire/encoding.ts'

/** DER (X.690), in hexadecimal: the object identifiers that tell what a key is for. */
export const RSA_ENCRYPTION = '06092a864886f70d010101'
/** RFC 4055 §3.1. */
export const RSA_PSS = '06092a864886f70d01010a'
/** RFC 8410 §3. */
export const ED25519_ID = '06032b6570'
/** RFC 5480 §2.1.1, and the curves' own. */
export const EC_PUBLIC_KEY = '06072a8648ce3d0201'
export const P256_ID = '06082a8648ce3d030107'
export const P384_ID = '06052b81040022'
/** Stands behind {@link RSA_ENCRYPTION}: RFC 8017 §A.1. */
export const NULL = '0500'

/** An element with its tag and length; up to 16 MiB of content. */
export function derElement(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const whole = concatBytes(content)
  const { length } = whole
  const size =
    length < 0x80
      ? [length]
      : length < 0x100
        ? [0x81, length]
        : length < 0x10000
          ? [0x82, length >> 8, length & 0xff]
          : [0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]
  return concatBytes([Uint8Array.of(tag, ...size), whole])
}

/** The AlgorithmIdentifier of identifiers in hexadecimal. */
export function derSequence(...hex: readonly string[]): Uint8Array {
  return derElement(
    0x30,
    Uint8Array.from(hex.join('').match(/../g) ?? [], pair => Number.parseInt(pair, 16)),
  )
}

/** An element that was read. */
export interface DerElement {
  readonly tag: number
  readonly content: Uint8Array
}

/** The elements of a DER sequence that takes the whole of `der`. */
export function children(der: Uint8Array): readonly DerElement[] | undefined {
  const [whole, ...rest] = elements(der) ?? []
  return whole?.tag === 0x30 && rest.length === 0 ? elements(whole.content) : undefined
}

/** The elements that stand one behind the other in `der`, with up to 64 KiB of content each. */
export function elements(der: Uint8Array): readonly DerElement[] | undefined {
  const all: DerElement[] = []
  for (let at = 0; at < der.length; ) {
    const tag = der[at] ?? 0
    let length = der[at + 1] ?? 0
    at += 2
    if (length >= 0x80) {
      const size = length & 0x7f
      if (size < 1 || size > 2) return undefined
      length = der.subarray(at, at + size).reduce((value, byte) => value * 256 + byte, 0)
      if (length < (size === 1 ? 0x80 : 0x100)) return undefined
      at += size
    }
    if (at + length > der.length) return undefined
    all.push({ tag, content: der.subarray(at, at + length) })
    at += length
  }
  return all
}
