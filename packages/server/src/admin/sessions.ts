import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Actor, recorded } from '../audit/audit-log.ts'
import type { Database, Db } from '../database/database.ts'
import type { Administrator } from './administrators.ts'
import { hashToken } from './tokens.ts'

export const SESSION_COOKIE = 'countersign_session'
/** A working day. */
const SESSION_MS = 28_800_000
const ID_BYTES = 32

interface Session {
  /** What the cookie holds. */
  readonly id: string
  /** What a page has to send with everything that changes something. */
  readonly csrfToken: string
  readonly expiresAtMs: number
}

interface FoundSession {
  readonly administratorId: string
  /** Of the token that it ends with; empty: there is none. */
  readonly tokenHash: string
  readonly expiresAtMs: number
}

export interface Sessions {
  /** @param token that it is begun with, and ends with; undefined: by OpenID Connect */
  begin(actor: Actor, administrator: Administrator, token: string | undefined): Promise<Session>
  find(id: string, from?: Db): Promise<FoundSession | undefined>
  end(id: string): Promise<void>
}

/** The store keeps only hashes of session ids. */
export function createSessions(database: Database, clock: () => number): Sessions {
  const { db } = database
  return {
    async begin(actor, { id: administratorId, organisationId = '' }, token) {
      const id = randomBytes(ID_BYTES).toString('base64url')
      const expiresAtMs = clock() + SESSION_MS
      await recorded(database, actor, clock(), async transaction => {
        await transaction.deleteFrom('session').where('expires_at', '<=', clock()).execute()
        await transaction
          .insertInto('session')
          .values({
            id_hash: hashOf(id),
            administrator_id: administratorId,
            expires_at: expiresAtMs,
            token_hash: token === undefined ? '' : hashToken(token),
          })
          .execute()
        const detail = { by: token === undefined ? 'oidc' : 'token' }
        return { events: [{ action: 'session.begin', organisationId, subject: administratorId, detail }], value: undefined }
      })
      return { id, csrfToken: csrfTokenOf(id), expiresAtMs }
    },
    async find(id, from = db) {
      const row = await from
        .selectFrom('session')
        .selectAll()
        .where('id_hash', '=', hashOf(id))
        .where('expires_at', '>', clock())
        .executeTakeFirst()
      if (row === undefined) return undefined
      return { administratorId: row.administrator_id, tokenHash: row.token_hash, expiresAtMs: row.expires_at }
    },
    async end(id) {
      await db.deleteFrom('session').where('id_hash', '=', hashOf(id)).execute()
    },
  }
}

/**
 * Made from the session's id, which no script can read: a page gets it from the server, and another origin does not.
 */
export function csrfTokenOf(sessionId: string): string {
  return createHash('sha256').update(`countersign csrf\n${sessionId}`).digest('base64url')
}

export function isCsrfToken(sessionId: string, given: string | undefined): boolean {
  const [right, presented] = [csrfTokenOf(sessionId), given ?? ''].map(text => Buffer.from(text))
  return right !== undefined && presented !== undefined && right.length === presented.length && timingSafeEqual(right, presented)
}

/** @param isSecure whether the console is behind TLS, so that the cookie never goes without */
export function sessionCookie(id: string, isSecure: boolean): string {
  return `${SESSION_COOKIE}=${id}; HttpOnly; SameSite=Strict; Path=/${isSecure ? '; Secure' : ''}; Max-Age=${SESSION_MS / 1000}`
}

/** A cookie's value, from the header. */
export function cookieOf(header: string, wanted: string): string | undefined {
  for (const pair of header.split(';')) {
    const [name, value] = pair.trim().split('=', 2)
    if (name === wanted && value !== undefined && value !== '') return value
  }
  return undefined
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url')
}
