import { type RawBuilder, sql } from 'kysely'
import { CHECKPOINT } from '../audit/checkpoint.ts'
import type { Db } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import { CANARY } from '../seal/canary.ts'
import { type Sealer, sealedPrefix } from '../seal/sealer.ts'

export interface ResealProgress {
  readonly done: number
  readonly left: number
}

const AT_ONCE = 200

/** A column of sealed values; an empty one is none. */
interface Place {
  readonly table: keyof Tables
  readonly id: string
  /** What each value is bound to. */
  readonly owner: string
  readonly sealed: string
  /** Left out: all rows. */
  readonly only?: readonly string[]
}

/** The canary comes last: while it is sealed with the old master key, that one is still wanted at the start. */
const PLACES: readonly Place[] = [
  { table: 'key_secret', id: 'id', owner: 'key_id', sealed: 'sealed' },
  { table: 'api_key', id: 'id', owner: 'id', sealed: 'sealed_passphrase' },
  { table: 'setting', id: 'name', owner: 'name', sealed: 'value', only: [CHECKPOINT] },
  { table: 'setting', id: 'name', owner: 'name', sealed: 'value', only: [CANARY] },
]

interface SealedRow {
  readonly id: string
  readonly owner: string
  readonly sealed: string
}

/**
 * Seals everything anew that is not sealed with the current master key, a piece at a time, while servers work. It can
 * be broken off and begun again: what is done is not done twice.
 */
export async function resealAll(db: Db, sealer: Sealer, onProgress?: (progress: ResealProgress) => void): Promise<number> {
  const prefix = sealedPrefix(await sealer.currentId())
  let left = 0
  for (const place of PLACES) left += await countOld(db, place, prefix)
  let done = 0
  for (const place of PLACES) {
    // In the order of the ids, so that a table is gone through once.
    for (let after = ''; ; ) {
      const rows = await nextOld(db, place, prefix, after)
      const last = rows.at(-1)
      if (last === undefined) break
      for (const { id, owner, sealed } of rows)
        await replace(db, place, id, sealed, await sealer.seal(await sealer.open(sealed, owner), owner))
      after = last.id
      done += rows.length
      left = Math.max(0, left - rows.length)
      onProgress?.({ done, left })
    }
  }
  return done
}

async function countOld(db: Db, place: Place, prefix: string): Promise<number> {
  const { rows } = await sql<{
    count: number | string
  }>`select count(*) as count from ${sql.table(place.table)} where ${isOld(place, prefix)}`.execute(db)
  return Number(rows[0]?.count ?? 0)
}

async function nextOld(db: Db, place: Place, prefix: string, after: string): Promise<readonly SealedRow[]> {
  const { table, id, owner, sealed } = place
  const { rows } = await sql<SealedRow>`
    select ${sql.ref(id)} as id, ${sql.ref(owner)} as owner, ${sql.ref(sealed)} as sealed from ${sql.table(table)}
    where ${sql.ref(id)} > ${after} and ${isOld(place, prefix)} order by ${sql.ref(id)} limit ${AT_ONCE}`.execute(db)
  return rows
}

/** Only where nothing else was written meanwhile. */
async function replace(db: Db, { table, id: name, sealed }: Place, id: string, from: string, to: string): Promise<void> {
  await sql`update ${sql.table(table)} set ${sql.ref(sealed)} = ${to} where ${sql.ref(name)} = ${id} and ${sql.ref(sealed)} = ${from}`.execute(
    db,
  )
}

function isOld({ id, sealed, only }: Place, prefix: string): RawBuilder<boolean> {
  const old = sql<boolean>`${sql.ref(sealed)} <> '' and ${sql.ref(sealed)} not like ${`${prefix}%`}`
  return only === undefined ? old : sql<boolean>`${old} and ${sql.ref(id)} in (${sql.join(only)})`
}
