import { describe, expect, it } from 'vitest'
import type { Database } from '../database/database.ts'
import { openSqlite } from '../database/sqlite.ts'
import { DEFAULT_GRACE_MS } from '../keys/key-source.ts'
import { createReadiness } from './readiness.ts'

describe('a gateway is ready', () => {
  let ageMs = 0
  const readiness = (database: Database, isRedisThere = true) =>
    createReadiness(
      { database, changes: { isReached: false, ageMs: () => ageMs } },
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
})
