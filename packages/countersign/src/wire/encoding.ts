import { CountersignError } from '../contract/error.ts'

/**
 * How bytes are written as text. `base64` and `base64url` are those of RFC 4648 §4 and §5, the first padded and the
 * second not; the two other variants are spelled out.
 */
export type BytesEncoding = 'hex' | 'hex-upper' | 'base64' | 'base64-unpadded' | 'base64url' | 'base64url-padded'

const utf8Encoder = new TextEncoder()

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return utf8Encoder.encode(text)
}

export function encode(bytes: Uint8Array, encoding: BytesEncoding): string {
  if (encoding === 'hex' || encoding === 'hex-upper') {
    const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
    return encoding === 'hex' ? hex : hex.toUpperCase()
  }
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  const padded = btoa(binary)
  const text = encoding === 'base64' || encoding === 'base64url-padded' ? padded : padded.replace(/=+$/, '')
  return encoding.startsWith('base64url') ? text.replace(/\+/g, '-').replace(/\//g, '_') : text
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

/** How many bytes a text in its one spelling stands for. */
export function decodedLength(text: string, encoding: BytesEncoding): number {
  const { length } = text
  if (encoding.startsWith('hex')) return length / 2
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return Math.floor(((length - padding) * 3) / 4)
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

/** Either alphabet, padded or not: what people paste. `undefined` when it isn't base64 at all, or mixes alphabets. */
export function fromBase64(text: string): Uint8Array | undefined {
  const digits = /^([A-Za-z0-9+/]*|[A-Za-z0-9_-]*)={0,2}$/.exec(text)?.[1]
  if (digits === undefined || digits.length % 4 === 1 || (digits !== text && text.length % 4 !== 0)) return undefined
  return Uint8Array.from(atob(digits.replace(/-/g, '+').replace(/_/g, '/')), char => char.charCodeAt(0))
}

export function fromHex(text: string): Uint8Array | undefined {
  if (!/^([0-9a-fA-F]{2})*$/.test(text)) return undefined
  return Uint8Array.from(text.match(/../g) ?? [], digits => Number.parseInt(digits, 16))
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

/** Whether two runs of bytes are equal. Stops at the first difference, so it is not for comparing secrets. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

export const SECRET_ENCODINGS = ['utf8', 'hex', 'base64'] as const

export type SecretEncoding = (typeof SECRET_ENCODINGS)[number]

/**
 * The bytes of a secret as it was handed out. `base64` takes both alphabets, padded or not, because every public
 * client of the same service uses another one.
 *
 * @throws CountersignError `secret-malformed`; the message never repeats the secret.
 */
export function decodeSecret(text: string, encoding: SecretEncoding, prefix = ''): Uint8Array {
  if (/^\s|\s$/.test(text)) {
    throw new CountersignError('secret-malformed', 'The secret has white space around it, such as a newline at its end.')
  }
  const bare = prefix !== '' && text.startsWith(prefix) ? text.slice(prefix.length) : text
  const bytes = encoding === 'utf8' ? utf8(bare) : encoding === 'hex' ? fromHex(bare) : fromBase64(bare)
  if (bytes !== undefined) return bytes
  throw new CountersignError('secret-malformed', `The secret is not ${encoding}: give it as it was shown.`)
}
