import { utf8 } from '../wire/encoding.ts'

/** Eight bytes that stand for a text, as two words of 32 bits, signed. */
interface Fingerprint {
  low: number
  high: number
}

/** Writes a text's fingerprint into the object that it is given, so that none has to be made. */
export type Fingerprinter = (text: string, into: Fingerprint) => void

/**
 * HalfSipHash-2-4 with a tag of 64 bits, of a text's UTF-8: a hash with a secret key, made for tables whose entries
 * others choose. Who does not have the key can't look for two texts that fall together.
 *
 * @param key two words of 32 bits
 * @see https://github.com/veorq/SipHash
 */
export function createFingerprinter(key: readonly [number, number]): Fingerprinter {
  return (text, into) => {
    if (!hash(key, text, into)) hash(key, Array.from(utf8(text), byte => String.fromCharCode(byte)).join(''), into, 0xff)
  }
}

/** Hashes a string of byte-valued characters. Returns false if a char code is above `most`. */
function hash([k0, k1]: readonly [number, number], text: string, into: Fingerprint, most = 0x7f): boolean {
  const { length } = text
  const words = (length >>> 2) + 1
  let v0 = k0
  let v1 = k1 ^ 0xee
  let v2 = k0 ^ 0x6c796765
  let v3 = k1 ^ 0x74656462
  let highest = 0
  // The words of the text, of which the last has its length, and the two halves of the tag.
  for (let step = 0; step < words + 2; step++) {
    let word = 0
    if (step < words) {
      for (let at = step << 2, shift = 0; shift < 32 && at < length; at++, shift += 8) {
        const unit = text.charCodeAt(at)
        if (unit > highest) highest = unit
        word |= unit << shift
      }
      if (step === words - 1) word |= length << 24
      v3 ^= word
    } else if (step === words) v2 ^= 0xee
    else {
      into.low = v1 ^ v3
      v1 ^= 0xdd
    }
    for (let round = step < words ? 2 : 4; round > 0; round--) {
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
    }
    v0 ^= word
  }
  into.high = v1 ^ v3
  return highest <= most
}
