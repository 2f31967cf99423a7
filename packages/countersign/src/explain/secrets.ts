import { type BytesEncoding, concatBytes, encode, fromBase64, fromHex, type SecretEncoding, utf8 } from '../wire/encoding.ts'
import { changing, type Hypothesis } from './hypothesis.ts'

/** The bytes that a client may have used as its key, the right ones first. */
export interface SecretGuess {
  readonly code: string
  readonly weight: number
  readonly did: string
  readonly fix: string
  readonly bytes: Uint8Array
}

export interface SecretMaterial {
  /** As it was shown when the key was made. */
  readonly text: string
  /** What is right. */
  readonly bytes: Uint8Array
  readonly encoding: SecretEncoding
  readonly prefix: string
  readonly keyId: string
  readonly passphrase: string
  /** Other secrets of the key: the old one after a rotation. */
  readonly others: readonly { readonly text: string; readonly bytes: Uint8Array }[]
}

const BASE64_SPELLINGS: readonly BytesEncoding[] = ['base64', 'base64-unpadded', 'base64url', 'base64url-padded']

/** Every way to have made another key of the secret; each bytes once. */
export function guessSecrets(material: SecretMaterial): readonly SecretGuess[] {
  const { text, bytes, encoding, keyId, passphrase } = material
  const bare = material.prefix !== '' && text.startsWith(material.prefix) ? text.slice(material.prefix.length) : text
  const decode =
    encoding === 'utf8'
      ? 'Use the secret’s text as it is shown, as UTF-8.'
      : `Decode the secret from ${encoding}, and use the bytes as the key.`
  const guesses: SecretGuess[] = [{ code: 'right', weight: 0, did: '', fix: '', bytes }]
  const seen = new Set([encode(bytes, 'hex')])
  const add = (code: string, weight: number, did: string, guess: Uint8Array | undefined, fix = decode): void => {
    if (guess === undefined || guess.length === 0) return
    const hex = encode(guess, 'hex')
    if (seen.has(hex)) return
    seen.add(hex)
    guesses.push({ code: `secret-${code}`, weight, did, fix, bytes: guess })
  }
  const notDecoded = `It used the secret’s ${encoding} text as the key, without decoding it.`
  if (encoding !== 'utf8') add('not-decoded', 1, notDecoded, utf8(text))
  // The same text in the other spellings: it may have been shown so.
  for (const spelling of encoding === 'base64' ? BASE64_SPELLINGS : [])
    add('not-decoded', 2, notDecoded, utf8(material.prefix + encode(bytes, spelling)))
  for (const other of material.others) {
    add(
      'other-live',
      1,
      'It used another secret of this key: the old one, after a rotation.',
      other.bytes,
      'Use the secret that was made last; the other one ends with the rotation.',
    )
    if (encoding !== 'utf8')
      add(
        'other-live-not-decoded',
        4,
        `It used another secret of this key, and its ${encoding} text without decoding it.`,
        utf8(other.text),
      )
  }
  add('base64-decoded', encoding === 'utf8' ? 1 : 3, 'It decoded the secret as base64.', fromBase64(bare.trim()))
  add('hex-decoded', 2, 'It decoded the secret as hexadecimal.', /^([0-9a-fA-F]{2})+$/.test(bare) ? fromHex(bare) : undefined)
  const masked = bytes.map(byte => byte & 0x7f)
  add(
    'ascii-mangled',
    1,
    "It turned the decoded secret into text with toString('ascii'), which takes off the top bit of every byte.",
    masked,
    'Hand the decoded bytes (a Buffer) to the HMAC; never turn them into text.',
  )
  add(
    'utf8-mangled',
    1,
    'It turned the decoded secret into UTF-8 text, which replaces every byte that is none.',
    utf8(new TextDecoder().decode(bytes)),
    'Hand the decoded bytes to the HMAC; never turn them into text.',
  )
  add(
    'latin1-mangled',
    2,
    'It turned the decoded secret into text one character a byte, and that into UTF-8.',
    utf8(String.fromCharCode(...bytes)),
    'Hand the decoded bytes to the HMAC; never turn them into text.',
  )
  add('hex-of-bytes', 2, 'It used the hexadecimal text of the decoded secret as the key.', utf8(encode(bytes, 'hex')))
  add('base64-of-bytes', 3, 'It used base64 of the secret as the key.', utf8(encode(bytes, 'base64')))
  add(
    'wrong-alphabet',
    2,
    'It decoded the secret with the other base64 alphabet, which skips what it does not know.',
    skippingDecode(bare, /[^A-Za-z0-9+/]/g),
    'The secret may hold - and _: decode it with the URL-safe alphabet.',
  )
  add(
    'wrong-alphabet',
    2,
    'It decoded the secret with the other base64 alphabet, which skips what it does not know.',
    skippingDecode(bare, /[^A-Za-z0-9_-]/g),
    'The secret may hold + and /: decode it with the standard alphabet.',
  )
  add(
    'trailing-newline',
    1,
    'It used the secret with a newline at its end, as it comes from a file.',
    utf8(`${text}\n`),
    'Take the white space off the secret when it is read from a file.',
  )
  if (encoding !== 'utf8')
    add(
      'decoded-trailing-newline',
      3,
      'It used the decoded secret with a newline at its end.',
      concatBytes([bytes, Uint8Array.of(10)]),
      'Take the white space off the secret when it is read from a file.',
    )
  add(
    'crlf',
    3,
    'It used the secret with CRLF at its end.',
    utf8(`${text}\r\n`),
    'Take the white space off the secret when it is read from a file.',
  )
  add('trailing-space', 3, 'It used the secret with a space at its end.', utf8(`${text} `), 'Take the white space off the secret.')
  add(
    'double-quotes',
    2,
    'It used the secret with its quotes, as they stand in a .env file.',
    utf8(`"${text}"`),
    'Take the quotes off the secret.',
  )
  add('single-quotes', 2, 'It used the secret with single quotes around it.', utf8(`'${text}'`), 'Take the quotes off the secret.')
  add(
    'bytes-literal',
    3,
    "It used the text b'…' of Python's bytes as the key.",
    utf8(`b'${text}'`),
    'Hand the bytes to hmac.new as they are, without str().',
  )
  if (material.prefix !== '') add('prefix-kept', 1, `It used the secret with ${material.prefix}, which isn't part of it.`, utf8(text))
  if (material.prefix !== '') add('prefix-kept-decoded', 3, `It decoded the secret together with ${material.prefix}.`, fromBase64(text))
  const scheme = /^[a-z]+_/.exec(text)?.[0]
  if (material.prefix === '' && scheme !== undefined) {
    add('prefix-dropped', 2, `It used the secret without ${scheme}, which belongs to it.`, utf8(text.slice(scheme.length)))
    add(
      'prefix-dropped-decoded',
      2,
      `It took ${scheme} off the secret and decoded the rest as base64.`,
      fromBase64(text.slice(scheme.length)),
    )
  }
  add(
    'key-id',
    1,
    'It used the key id as the secret.',
    utf8(keyId),
    'Use the secret that was shown when the key was made, and the key id only in its header.',
  )
  add(
    'passphrase',
    3,
    'It used the passphrase as the secret.',
    passphrase === '' ? undefined : utf8(passphrase),
    'Use the secret, and the passphrase only in its header.',
  )
  add('upper-case', 4, 'It used the secret in upper case.', utf8(text.toUpperCase()))
  add('lower-case', 4, 'It used the secret in lower case.', utf8(text.toLowerCase()))
  add('decoded-twice', 4, 'It decoded the secret twice.', fromBase64(new TextDecoder().decode(bytes)))
  return guesses
}

export function secretHypotheses(guesses: readonly SecretGuess[]): readonly Hypothesis[] {
  return guesses.slice(1).map(({ code, weight, did, fix }, index) => ({
    code,
    dimension: 'secret',
    weight,
    did,
    fix,
    ...changing('secret', current => (current === 0 ? index + 1 : undefined)),
  }))
}

/** What a lenient decoder makes of text in the other alphabet. */
function skippingDecode(text: string, unknown: RegExp): Uint8Array | undefined {
  if (!unknown.test(text.replace(/=+$/, ''))) return undefined
  const digits = text.replace(unknown, '')
  return fromBase64(digits.slice(0, digits.length - (digits.length % 4 === 1 ? 1 : 0)))
}
