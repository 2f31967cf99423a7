import { oneOf, shown } from '../contract/one-of.ts'
import { FIELDS } from '../recipe/recipe.ts'
import type { ParameterDeclaration, SchemeDeclaration } from '../scheme/declaration.ts'
import { parameterCharacters, parameterPattern } from '../scheme/parameter.ts'
import { findOnlyMistake } from '../verify/check-only.ts'
import { SECRET_ENCODINGS } from '../wire/encoding.ts'
import { NONCE_FORMATS, type NonceFormat, noncesCharacters } from '../wire/nonce.ts'
import { TIMESTAMP_FORMATS } from '../wire/parse-timestamp.ts'
import { invalid } from './check-template.ts'

/** Says where a member stands, for a message. */
export type At = (field: string) => string

export function checkSecret({ secret, algorithm }: SchemeDeclaration, at: At): void {
  if (secret === undefined) return
  if (!algorithm.startsWith('hmac')) throw invalid(at('secret'), `${algorithm} has a key pair and no secret: leave it out`)
  if (!(SECRET_ENCODINGS as readonly unknown[]).includes(secret.encoding))
    throw invalid(at('secret.encoding'), oneOf(secret.encoding, 'encoding', SECRET_ENCODINGS))
}

export function checkNonce({ nonce }: SchemeDeclaration, at: At): void {
  if (nonce === undefined) return
  if (nonce.formats === undefined || nonce.formats.length === 0)
    throw invalid(at('nonce.formats'), `it is a list of ${NONCE_FORMATS.join(', ')}`)
  for (const format of nonce.formats)
    if (!NONCE_FORMATS.includes(format)) throw invalid(at('nonce.formats'), oneOf(format, 'nonce format', NONCE_FORMATS))
}

/** @param isUsed whether the message or a carrier reads `{timestamp}` */
export function checkTimestamp({ timestamp }: SchemeDeclaration, at: At, isUsed: boolean): void {
  if (!isUsed) {
    if (timestamp !== undefined) throw invalid(at('timestamp'), 'declared, but neither the message nor a header has a {timestamp}')
    return
  }
  if (timestamp?.formats === undefined || timestamp.formats.length === 0)
    throw invalid(
      at('timestamp'),
      `a {timestamp} is used, so say how it is written: formats: ['seconds'], or another of ${TIMESTAMP_FORMATS.join(', ')}`,
    )
  for (const format of timestamp.formats)
    if (!TIMESTAMP_FORMATS.includes(format)) throw invalid(at('timestamp.formats'), oneOf(format, 'timestamp format', TIMESTAMP_FORMATS))
  if (timestamp.meaning !== undefined && timestamp.meaning !== 'issued' && timestamp.meaning !== 'expires')
    throw invalid(at('timestamp.meaning'), oneOf(timestamp.meaning, 'meaning', ['issued', 'expires']))
}

const CHARACTERS = ['digits', 'token', 'visible'] as const

/** @returns their names */
export function checkParameters({ parameters = {} }: SchemeDeclaration, at: At): readonly string[] {
  for (const [name, parameter] of Object.entries(parameters)) {
    const where = at(`parameters.${name}`)
    const { characters, without, default: value, generate } = parameter
    if (!/^[a-z][A-Za-z0-9]*$/.test(name)) throw invalid(where, 'a name is a lower-case letter, then letters and digits')
    if (name in Object.prototype) throw invalid(where, `${name} is a word of JavaScript: take another name`)
    if ((FIELDS as readonly string[]).includes(name)) throw invalid(where, `{${name}} is a part of every call already: take another name`)
    if (!CHARACTERS.includes(characters)) throw invalid(`${where}.characters`, oneOf(characters, 'kind of characters', CHARACTERS))
    if (without !== undefined && !/^[!-~]+$/.test(without))
      throw invalid(`${where}.without`, `it is text of the visible characters that it may not hold; got ${shown(without)}`)
    if ((value === undefined) === (generate === undefined))
      throw invalid(where, 'give default, a value, or generate, how one is made for every call')
    if (value !== undefined && !new RegExp(`^${parameterPattern(parameter)}$`).test(value))
      throw invalid(
        `${where}.default`,
        `${shown(value)} is not of the characters ${characters}${without === undefined ? '' : ` without ${without}`}`,
      )
    if (generate !== undefined && !NONCE_FORMATS.includes(generate))
      throw invalid(`${where}.generate`, oneOf(generate, 'nonce format', NONCE_FORMATS))
    if (generate !== undefined && !isWithin(generate, parameter))
      throw invalid(
        `${where}.generate`,
        `what ${generate} makes holds characters that the parameter may not hold: allow them, or generate another`,
      )
  }
  return Object.keys(parameters)
}

/** Whether every value of a nonce format can be the parameter. */
function isWithin(generate: NonceFormat, parameter: ParameterDeclaration): boolean {
  const allowed = new RegExp(`[${parameterCharacters(parameter)}]`)
  const used = new RegExp(`[${noncesCharacters(generate)}]`)
  return VISIBLE.filter(char => used.test(char)).every(char => allowed.test(char))
}

const VISIBLE = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index))

/** Which calls a verifier takes; see `Only`. */
export function checkOnly({ only }: SchemeDeclaration, at: At): void {
  const mistake = only === undefined ? undefined : findOnlyMistake(only)
  if (mistake !== undefined) throw invalid(at(mistake.at), mistake.problem)
}
