import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import type { Database } from '../database/database.ts'
import { openSqlite } from '../database/sqlite.ts'
import { ServerError } from '../errors.ts'
import { DEFAULT_GRACE_MS } from '../keys/key-source.ts'
import { createReadiness } from './readiness.ts'

describe('a gateway is ready', () => {
  let ageMs = 0
  const readiness = (database: Database, isRedisThere = true) =>
    createReadiness(
      { checkSeal: async () => void (await sql`select 1`.execute(database.db)), changes: { isReached: false, ageMs: () => ageMs } },
      { check: () => (isRedisThere ? Promise.resolve() : Promise.reject(new Error('redis: away'))) },
    )()

  it('while its store answers, however long ago it was asked, and Redis does', async () => {
    const database = openSqlite(':memory:')
    ageMs = Number.POSITIVE_INFINITY
    await readiness(database)
    await expect(readiness(database, false)).rejects.toThrow('redis: away')
    await database.close()
  })

  it('without its store, for as long as known keys serve since it was heard of last', async () => {
    const away = openSqlite(':memory:')
    await readiness(away)
    await away.close()
    ageMs = DEFAULT_GRACE_MS - 1
    await readiness(away)
    await expect(readiness(away, false)).rejects.toThrow('redis: away')
    ageMs = DEFAULT_GRACE_MS
    await expect(readiness(away)).rejects.toThrow()
  })

  it('never without what opens its secrets, however lately the store was heard of', async () => {
    const problem = new ServerError('vault-unset', 500, 'Say where Vault is.')
    const check = createReadiness({ checkSeal: () => Promise.reject(problem), changes: { isReached: true, ageMs: () => 0 } }, undefined)
    await expect(check()).rejects.toBe(problem)
  })
})
