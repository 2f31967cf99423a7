import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

const TOKEN = /^csa_([A-Za-z0-9_-]{12})_([A-Za-z0-9_-]{43})$/
const ID_BYTES = 9
const SECRET_BYTES = 32
const SALT_BYTES = 16
const HASH_BYTES = 32

/** RFC 7914: 32 MiB, some 80 ms. A token has 256 bits, unlike a password; this is for a database that was stolen. */
const COST = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }

export interface Token {
  /** The administrator's id: it is in the token, so that one row is looked at and not all. */
  readonly id: string
  readonly text: string
}

/** `csa_<id>_<secret>`, shown once. */
export function newToken(): Token {
  let id: string
  // A command would take an id that begins with a dash for an option.
  do id = randomBytes(ID_BYTES).toString('base64url')
  while (id.startsWith('-'))
  return tokenFor(id)
}

function tokenFor(id: string): Token {
  return { id, text: `csa_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}` }
}

/** The id that a token claims. */
export function idOfToken(text: string): string | undefined {
  return TOKEN.exec(text)?.[1]
}

export async function hashToken(text: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await derive(text, salt)
  return `scrypt$${COST.N}$${COST.r}$${COST.p}$${salt.toString('base64url')}$${hash.toString('base64url')}`
}

export type TokenCheck = (text: string, stored: string) => Promise<boolean>

const REMEMBERED = 1_000

/**
 * Checks tokens. One that was right is remembered by its SHA-256 together with what is stored, so that scrypt is worked
 * out once.
 */
export function createTokenCheck(): TokenCheck {
  const remembered = new Set<string>()
  return async (text, stored) => {
    const name = createHash('sha256').update(`${stored}\n${text}`).digest('base64url')
    if (remembered.has(name)) return true
    const [, n, r, p, salt = '', hash = ''] = stored.split('$')
    const wanted = Buffer.from(hash, 'base64url')
    const made = await derive(text, Buffer.from(salt, 'base64url'), { ...COST, N: Number(n), r: Number(r), p: Number(p) })
    if (wanted.length !== made.length || !timingSafeEqual(wanted, made)) return false
    if (remembered.size >= REMEMBERED) remembered.clear()
    remembered.add(name)
    return true
  }
}

function derive(text: string, salt: Uint8Array, cost = COST): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(text, salt, HASH_BYTES, cost, (error, hash) => (error === null ? resolve(hash) : reject(error)))
  })
}
