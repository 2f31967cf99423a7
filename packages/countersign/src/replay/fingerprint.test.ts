import { describe, expect, it } from 'vitest'
import { createFingerprinter } from './fingerprint.ts'

/**
 * HalfSipHash-2-4-64 of 0, 1, 2, … 15 bytes 00 01 02 … under the key 00 01 … 07: the first of `vectors_hsip64` in
 * https://github.com/veorq/SipHash/blob/master/vectors.h.
 */
const PUBLISHED =
  `218d1f59b9b83cc8 be552412f8387315 064f39ef7c50eb57 ce0f1a45f7060679 d5e78a175be52ea1 cb9d7c3f2f3db580 ce3e91358aa2bc25 ff202728b07bc684
edfee820bce4858c 5b51cccc13888307 95b0469f06a6f2ee ae26333994ddcd48 7bc71f9faef5c799 5a2352d75a0c3744 3bb1a870eae8e658`.split(/\s/)

const KEY = [0x03020100, 0x07060504] as const

function fingerprint(text: string, key: readonly [number, number] = KEY): string {
  const into = { low: 0, high: 0 }
  createFingerprinter(key)(text, into)
  const bytes = new DataView(new ArrayBuffer(8))
  bytes.setInt32(0, into.low, true)
  bytes.setInt32(4, into.high, true)
  return bytes.getBigUint64(0).toString(16).padStart(16, '0')
}

/** Texts of which one is the other's bytes, if a character that is none were laid over two. */
const ALIKE = ['\u0101\0', '\u0001\u0001']

describe('createFingerprinter', () => {
  it('makes the published tags', () => {
    const made = PUBLISHED.map((_, length) => fingerprint(String.fromCharCode(...Array.from({ length }, (__, at) => at))))
    expect(made).toEqual(PUBLISHED)
  })

  it('takes any text, and depends on its key', () => {
    const texts = ['', 'a', 'aé', 'aŠ', 'a\u2028', '😀', '\ud800', 'x'.repeat(300), 'y'.repeat(300), 'é', ...ALIKE]
    expect(new Set(texts.map(text => fingerprint(text))).size).toBe(texts.length)
    expect(fingerprint('a', [1, 2])).not.toBe(fingerprint('a'))
  })
})
