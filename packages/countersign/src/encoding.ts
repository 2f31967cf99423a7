import { CountersignError } from './error.ts'

/**
 * How bytes are written as text. `base64` and `base64url` are those of RFC 4648 §4 and §5, the first padded and the
 * second not; the two other variants are spelled out.
 */
export type BytesEncoding = 'hex' | 'hex-upper' | 'base64' | 'base64-unpadded' | 'base64url' | 'base64url-padded'

const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const URL_SAFE = `${STANDARD.slice(0, 62)}-_`

const utf8Encoder = new TextEncoder()

export function utf8(text: string): Uint8Array {
  return utf8Encoder.encode(text)
}

export function encode(bytes: Uint8Array, encoding: BytesEncoding): string {
  switch (encoding) {
    case 'hex':
      return toHex(bytes)
    case 'hex-upper':
      return toHex(bytes).toUpperCase()
    case 'base64':
      return toBase64(bytes, STANDARD, true)
    case 'base64-unpadded':
      return toBase64(bytes, STANDARD, false)
    case 'base64url':
      return toBase64(bytes, URL_SAFE, false)
    case 'base64url-padded':
      return toBase64(bytes, URL_SAFE, true)
  }
}

/** Decodes the one canonical spelling: `undefined` for any other (padding, alphabet, trailing bits, white space). */
export function decodeStrictly(text: string, encoding: BytesEncoding): Uint8Array | undefined {
  const bytes = encoding === 'hex' || encoding === 'hex-upper' ? fromHex(text) : fromBase64(text)
  return bytes !== undefined && encode(bytes, encoding) === text ? bytes : undefined
}

/** How many characters `byteLength` bytes take. */
export function encodedLength(byteLength: number, encoding: BytesEncoding): number {
  switch (encoding) {
    case 'hex':
    case 'hex-upper':
      return byteLength * 2
    case 'base64':
    case 'base64url-padded':
      return Math.ceil(byteLength / 3) * 4
    case 'base64-unpadded':
    case 'base64url':
      return Math.ceil((byteLength * 4) / 3)
  }
}

/** The characters an encoding uses, for a regular expression's `[…]`. */
export const ALPHABETS: { readonly [E in BytesEncoding]: string } = {
  hex: '0-9a-f',
  'hex-upper': '0-9A-F',
  base64: 'A-Za-z0-9+/=',
  'base64-unpadded': 'A-Za-z0-9+/',
  base64url: 'A-Za-z0-9_-',
  'base64url-padded': 'A-Za-z0-9_=-',
}

/** Either alphabet, padded or not: what people paste. `undefined` when it is no base64 at all, or mixes alphabets. */
export function fromBase64(text: string): Uint8Array | undefined {
  const match = /^([A-Za-z0-9+/]*|[A-Za-z0-9_-]*)(={0,2})$/.exec(text)
  const digits = match?.[1]
  if (match === null || digits === undefined || digits.length % 4 === 1) return undefined
  if (match[2] !== '' && text.length % 4 !== 0) return undefined
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4))
  let bits = 0
  let held = 0
  let at = 0
  for (let index = 0; index < digits.length; index++) {
    held = ((held << 6) | sextet(digits.charCodeAt(index))) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (held >> bits) & 0xff
    }
  }
  return bytes
}

export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let index = 0; index < bytes.length; index++) bytes[index] = Number.parseInt(text.substr(index * 2, 2), 16)
  return bytes
}

export function concatBytes(pieces: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const piece of pieces) length += piece.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

function sextet(code: number): number {
  if (code >= 97) return code - 71
  if (code === 95) return 63
  if (code >= 65) return code - 65
  if (code >= 48 && code <= 57) return code + 4
  return code === 43 || code === 45 ? 62 : 63
}

function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += (byte < 16 ? '0' : '') + byte.toString(16)
  return text
}

function toBase64(bytes: Uint8Array, alphabet: string, padded: boolean): string {
  let text = ''
  for (let index = 0; index < bytes.length; index += 3) {
    const left = bytes.length - index
    const three = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0)
    text += alphabet.charAt(three >> 18) + alphabet.charAt((three >> 12) & 63)
    if (left > 1) text += alphabet.charAt((three >> 6) & 63)
    if (left > 2) text += alphabet.charAt(three & 63)
    if (padded && left < 3) text += left === 1 ? '==' : '='
  }
  return text
}

export type SecretEncoding = 'utf8' | 'hex' | 'base64'

/**
 * The bytes of a secret as it was handed out. `base64` takes both alphabets, padded or not, because every public
 * client of the same service uses another one.
 *
 * @throws CountersignError `secret-malformed`; the message never repeats the secret.
 */
export function decodeSecret(text: string, encoding: SecretEncoding, prefix = ''): Uint8Array {
  if (/^\s|\s$/.test(text)) {
    throw new CountersignError(
      'secret-malformed',
      'The secret has white space around it: remove it (a trailing newline from a file, most often).',
    )
  }
  const bare = prefix !== '' && text.startsWith(prefix) ? text.slice(prefix.length) : text
  const bytes = encoding === 'utf8' ? utf8(bare) : encoding === 'hex' ? fromHex(bare) : fromBase64(bare)
  if (bytes !== undefined) return bytes
  throw new CountersignError('secret-malformed', `The secret is not ${encoding}: give it exactly as it was shown when the key was made.`)
}
