import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ALPHABETS, type BytesEncoding, decodeSecret, decodeStrictly, encode, encodedLength, fromBase64 } from './encoding.ts'

const encodings = Object.keys(ALPHABETS) as BytesEncoding[]

describe('encode and decodeStrictly', () => {
  it.each(encodings)('%s: what was encoded decodes to the same bytes, in the length that was foretold', encoding => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        const text = encode(bytes, encoding)
        expect(text).toHaveLength(encodedLength(bytes.length, encoding))
        expect(decodeStrictly(text, encoding)).toEqual(bytes)
        expect(text).toMatch(new RegExp(`^[${ALPHABETS[encoding]}]*$`))
      }),
      { seed: 14 },
    )
  })

  it('agrees with Buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        for (const encoding of ['hex', 'base64', 'base64url'] as const)
          expect(encode(bytes, encoding)).toBe(Buffer.from(bytes).toString(encoding))
      }),
      { seed: 14 },
    )
  })

  it('takes one spelling only: no padding variants, no other alphabet, no white space, no trailing bits', () => {
    expect(decodeStrictly('_-8', 'base64url')).toEqual(Uint8Array.of(0xff, 0xef))
    for (const text of ['_-8=', '/+8', '_-8 ', '_-9', '_-8\n', ' _-8']) expect(decodeStrictly(text, 'base64url')).toBeUndefined()
    expect(decodeStrictly('ff', 'hex')).toEqual(Uint8Array.of(0xff))
    for (const text of ['FF', 'fF', 'f', 'ff ', '0xff']) expect(decodeStrictly(text, 'hex')).toBeUndefined()
  })
})

describe('fromBase64', () => {
  it('takes either alphabet, padded or not, and never a mixture', () => {
    for (const text of ['_-8', '_-8=', '/+8', '/+8=']) expect(fromBase64(text)).toEqual(Uint8Array.of(0xff, 0xef))
    for (const text of ['_+8', '/-8=', 'A', 'A===', 'AA=', 'AAA==', '=', 'AA A', '*']) expect(fromBase64(text)).toBeUndefined()
  })
})

describe('decodeSecret', () => {
  it('takes off a prefix only where it stands', () => {
    expect(decodeSecret('whsec_AAEC', 'base64', 'whsec_')).toEqual(Uint8Array.of(0, 1, 2))
    expect(decodeSecret('AAEC', 'base64', 'whsec_')).toEqual(Uint8Array.of(0, 1, 2))
  })

  it('refuses white space around it and what is not in the encoding, and never repeats it', () => {
    for (const [text, encoding] of [
      ['hunter2 \n', 'utf8'],
      ['hunter2!', 'base64'],
      ['hunter2', 'hex'],
    ] as const) {
      let message = ''
      try {
        decodeSecret(text, encoding)
      } catch (error) {
        expect(error).toMatchObject({ code: 'secret-malformed' })
        message = String(error)
      }
      expect(message).not.toBe('')
      expect(message).not.toContain('hunter2')
    }
  })
})
