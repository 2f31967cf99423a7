import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const TOKEN = /^csa_([A-Za-z0-9_-]{12})_([A-Za-z0-9_-]{43})$/
const ID_BYTES = 9
const SECRET_BYTES = 32
/** Says how the hash was made, should there ever be another. */
const PREFIX = 'sha256$'

export interface Token {
  /** The administrator's id: it is in the token, so that one row is looked at and not all. */
  readonly id: string
  readonly text: string
}

/** `csa_<id>_<secret>`, shown once. */
export function newToken(id = newId()): Token {
  return { id, text: `csa_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}` }
}

function newId(): string {
  let id: string
  // A command would take an id that begins with a dash for an option.
  do id = randomBytes(ID_BYTES).toString('base64url')
  while (id.startsWith('-'))
  return id
}

/** The id that a token claims. */
export function idOfToken(text: string): string | undefined {
  return TOKEN.exec(text)?.[1]
}

/**
 * What the store keeps of a token. Tokens are made here, of 256 random bits, so nobody can guess what a fast hash was
 * made of, and strangers can't have the server work out a slow one. See decision 22.
 */
export function hashToken(text: string): string {
  return PREFIX + createHash('sha256').update(text).digest('base64url')
}

/** @param stored undefined where there is no such administrator, which takes as long */
export function isToken(text: string, stored: string | undefined): boolean {
  const [wanted, made] = [stored ?? hashToken(''), hashToken(text)].map(hash => Buffer.from(hash))
  return wanted !== undefined && made !== undefined && wanted.length === made.length && timingSafeEqual(wanted, made)
}
