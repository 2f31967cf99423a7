import { sql } from 'kysely'
import type { Db } from '../database/database.ts'
import { ServerError } from '../errors.ts'
import { credentialsOf, viewOf } from './key-row.ts'
import type { KeyQuery, KeyView } from './schemas.ts'

export interface KeyPage {
  readonly keys: readonly KeyView[]
  /** For the next page; null at the end. */
  readonly next: string | null
}

/**
 * A page of keys, the newest first. The cursor says where the page before ended, so that a page costs the same however
 * far it is.
 */
export async function listKeys(db: Db, organisationId: string | undefined, query: KeyQuery, now: number): Promise<KeyPage> {
  const { search, state, cursor, limit } = query
  let rows = db
    .selectFrom('api_key')
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
  if (organisationId !== undefined) rows = rows.where('organisation_id', '=', organisationId)
  if (cursor !== undefined) {
    const { createdAt, id } = readCursor(cursor)
    rows = rows.where(sql<boolean>`(created_at, id) < (${createdAt}, ${id})`)
  }
  if (state === 'active')
    rows = rows.where('state', '=', 'active').where(({ eb, or }) => or([eb('expires_at', '=', 0), eb('expires_at', '>', now)]))
  else if (state === 'expired') rows = rows.where('state', '=', 'active').where('expires_at', '>', 0).where('expires_at', '<=', now)
  else if (state !== undefined) rows = rows.where('state', '=', state)
  if (search !== undefined && search !== '') {
    const pattern = `%${search.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`
    rows = rows.where(
      sql<boolean>`(lower(name) like ${pattern} escape '\\' or lower(id) like ${pattern} escape '\\' or lower(labels) like ${pattern} escape '\\')`,
    )
  }
  const found = await rows.execute()
  const page = found.slice(0, limit)
  const credentials = await credentialsOf(
    db,
    page.map(({ id }) => id),
  )
  const last = page.at(-1)
  return {
    keys: page.map(row =>
      viewOf(
        row,
        credentials.filter(({ key_id }) => key_id === row.id),
        now,
      ),
    ),
    next: found.length > limit && last !== undefined ? Buffer.from(`${last.created_at} ${last.id}`).toString('base64url') : null,
  }
}

function readCursor(cursor: string): { createdAt: number; id: string } {
  const [, createdAt, id] = /^(\d{1,16}) ([\x21-\x7e]{1,256})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? []
  if (createdAt === undefined || id === undefined)
    throw new ServerError('cursor-malformed', 400, 'The cursor is none of this list: take `next` of the page before, as it is.')
  return { createdAt: Number(createdAt), id }
}
