import { randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** What scanners of leaked secrets can look for. */
const KEY_ID_PREFIX = 'csk_'
const RANDOM_CHARACTERS = 20
const CHECK_CHARACTERS = 6
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/**
 * `csk_`, twenty characters of base62 (119 bits), and six that are the CRC-32 of these: so a mistyped id is told from
 * an unknown one, offline.
 */
export function newKeyId(): string {
  const random = Array.from({ length: RANDOM_CHARACTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
  return KEY_ID_PREFIX + random + checkOf(random)
}

/** `foreign`: not made here, imported perhaps. */
export function checkKeyId(id: string): 'ok' | 'mistyped' | 'foreign' {
  if (!id.startsWith(KEY_ID_PREFIX)) return 'foreign'
  const text = id.slice(KEY_ID_PREFIX.length)
  const random = text.slice(0, RANDOM_CHARACTERS)
  return text.length === RANDOM_CHARACTERS + CHECK_CHARACTERS && checkOf(random) === text.slice(RANDOM_CHARACTERS) ? 'ok' : 'mistyped'
}

function checkOf(random: string): string {
  let rest = crc32(KEY_ID_PREFIX + random)
  let text = ''
  for (let at = 0; at < CHECK_CHARACTERS; at++) {
    text = (ALPHABET[rest % ALPHABET.length] ?? '') + text
    rest = Math.floor(rest / ALPHABET.length)
  }
  return text
}
