import { DIGEST_BYTES } from '../crypto/digest-bytes.ts'
import { type BytesEncoding, decodeStrictly, encode, fromBase64, fromHex, utf8 } from '../wire/encoding.ts'
import { decodeAnySpelling } from '../wire/percent.ts'
import type { Cause } from './hypothesis.ts'

/** What a presented signature may be, once what was done to its text is undone: bytes in hexadecimal, whole or cut. */
export interface SignatureGuess {
  readonly hex: string
  /** Only the first so many of the signature's hexadecimal digits are there. */
  readonly isCut: boolean
  /** Undefined where it is spelled right. */
  readonly cause: Cause | undefined
  readonly weight: number
}

const NAMES: { readonly [E in BytesEncoding]: string } = {
  hex: 'hexadecimal',
  'hex-upper': 'hexadecimal in upper case',
  base64: 'standard base64',
  'base64-unpadded': 'standard base64 without padding',
  base64url: 'base64url',
  'base64url-padded': 'base64url with padding',
}

/** Fewer hexadecimal digits than this prove nothing: half of a short cut would fit by chance. */
const MIN_CUT_DIGITS = 20

/** Every way to read the presented signature; the right one first where there is one. */
export function guessSignatures(presented: string, right: BytesEncoding): readonly SignatureGuess[] {
  const guesses: SignatureGuess[] = []
  const fix = `Write the signature's bytes as ${NAMES[right]}.`
  const add: Add = (code, weight, did, bytes, isCut = false, fixed = fix) => {
    if (bytes === undefined || bytes.length === 0) return
    const hex = encode(bytes, 'hex')
    if (guesses.some(guess => guess.hex === hex && guess.isCut === isCut)) return
    guesses.push({
      hex,
      isCut,
      weight,
      cause: code === 'right' ? undefined : { code: `encoding-${code}`, dimension: 'encoding', did, fix: fixed },
    })
  }
  const read = (text: string, prefix: string, weight: number, also: string): void => {
    const exact = decodeStrictly(text, right)
    if (exact !== undefined) add(prefix === '' ? 'right' : prefix, weight, also, exact)
    for (const encoding of Object.keys(NAMES) as BytesEncoding[]) {
      if (encoding === right) continue
      add(
        prefix === '' ? encoding : `${prefix}-${encoding}`,
        weight + 1,
        `${also}It wrote the signature as ${NAMES[encoding]}.`,
        decodeStrictly(text, encoding),
      )
    }
    add(
      `${prefix === '' ? '' : `${prefix}-`}not-canonical`,
      weight + 2,
      `${also}It wrote the signature with wrong padding or trailing bits.`,
      fromBase64(text),
    )
  }
  read(presented, '', 0, '')
  const trimmed = presented.trim()
  if (trimmed !== presented) read(trimmed, 'white-space', 1, 'It sent the signature with white space around it. ')
  const spaceless = trimmed.replace(/\s+/g, '')
  if (spaceless !== trimmed) read(spaceless, 'line-breaks', 1, 'It sent the signature with line breaks in it. ')
  const bare = /^b'(.*)'$|^b"(.*)"$/.exec(trimmed)
  if (bare !== null) read(bare[1] ?? bare[2] ?? '', 'bytes-literal', 1, "It sent the text b'…' of Python's bytes. ")
  const quoted = /^"(.*)"$|^'(.*)'$/.exec(trimmed)
  if (quoted !== null) read(quoted[1] ?? quoted[2] ?? '', 'quoted', 1, 'It sent the signature with quotes around it. ')
  if (/%[0-9a-fA-F]{2}/.test(trimmed))
    read(decodeAnySpelling(trimmed) ?? trimmed, 'percent-encoded', 1, 'It sent the signature percent-encoded. ')
  const labelled = /^(?:sha\d+|v\d|hmac(?:-sha\d+)?)[=,:](.*)$/i.exec(trimmed)
  if (labelled?.[1] !== undefined) read(labelled[1], 'labelled', 1, 'It put a label in front of the signature. ')
  const unescaped = trimmed.replace(/^b(?=[A-Za-z0-9])/, '')
  for (const encoding of ['base64', 'base64url', 'base64-unpadded', 'base64url-padded'] as const) {
    const inner = decodeStrictly(trimmed, encoding)
    const text = inner === undefined ? '' : new TextDecoder().decode(inner)
    if (/^[0-9a-fA-F]{40,128}$/.test(text))
      add('base64-of-hex', 1, 'It wrote the base64 of the hexadecimal text of the signature.', fromHex(text))
    if (/^[A-Za-z0-9+/_-]{27,88}={0,2}$/.test(text)) add('base64-twice', 2, 'It wrote base64 of base64.', fromBase64(text))
  }
  const hexed = /^([0-9a-fA-F]{2})+$/.test(trimmed) ? fromHex(trimmed) : undefined
  if (hexed !== undefined && /^[A-Za-z0-9+/_=-]{27,90}$/.test(new TextDecoder().decode(hexed)))
    add('hex-of-base64', 2, 'It wrote the hexadecimal of the base64 text of the signature.', fromBase64(new TextDecoder().decode(hexed)))
  addStripped(add, trimmed)
  addCut(add, unescaped, right)
  return guesses
}

type Add = (code: string, weight: number, did: string, bytes: Uint8Array | undefined, isCut?: boolean, fix?: string) => void

/**
 * Python's `str(signature).strip("b'")` takes every `b` off both ends, not only that of `b'…'`: one signature in 64
 * loses some.
 */
function addStripped(add: Add, text: string): void {
  if (!/^[A-Za-z0-9+/_-]{20,90}={0,2}$/.test(text)) return
  for (let ahead = 0; ahead <= MOST_STRIPPED; ahead++) {
    for (let behind = 0; behind <= MOST_STRIPPED - ahead; behind++) {
      const bytes = ahead + behind === 0 ? undefined : fromBase64('b'.repeat(ahead) + text + 'b'.repeat(behind))
      const isWhole = Object.values(DIGEST_BYTES).some(length => length === bytes?.length)
      if (isWhole)
        add(
          'stripped',
          2,
          `It took ${ahead + behind === 1 ? 'a "b"' : `${ahead + behind} times a "b"`} off the signature, as strip("b'") does in Python where the signature itself begins or ends with one.`,
          bytes,
          false,
          'Make the signature\'s bytes text by decode("ascii"), and strip nothing off it.',
        )
    }
  }
}

/** A signature loses three or more in one of 250,000 cases. */
const MOST_STRIPPED = 3

function addCut(add: Add, text: string, right: BytesEncoding): void {
  const did = `It sent only a part of the signature (${text.length} characters).`
  if (right.startsWith('hex') && /^[0-9a-fA-F]+$/.test(text)) {
    add('cut', 2, did, fromHex(text.slice(0, text.length - (text.length % 2))), true)
    return
  }
  const digits = text.replace(/=+$/, '')
  const whole = digits.slice(0, digits.length - (digits.length % 4))
  const bytes = fromBase64(whole)
  if (bytes !== undefined && bytes.length * 2 >= MIN_CUT_DIGITS) add('cut', 2, did, bytes, true)
}

/** Whether a signature, in hexadecimal, is what a guess says. */
export function fitsGuess(guess: SignatureGuess, hex: string): boolean {
  return guess.isCut ? guess.hex.length >= MIN_CUT_DIGITS && guess.hex.length < hex.length && hex.startsWith(guess.hex) : guess.hex === hex
}

export function spell(hex: string, encoding: BytesEncoding): string {
  return encode(fromHex(hex) ?? utf8(''), encoding)
}
