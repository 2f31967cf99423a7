import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { hasPostgres, startPostgres } from '../../test/postgres.ts'
import { openPostgres } from './postgres.ts'

describe.skipIf(!hasPostgres)('connections to PostgreSQL (needs PostgreSQL)', () => {
  it('are told of: those that are open, those at work, and who waits for one', async () => {
    const postgres = await startPostgres()
    const database = openPostgres(await postgres.newDatabase())
    try {
      expect(database.connectionUse?.()).toEqual({ open: 0, busy: 0, waiting: 0 })
      let end = (): void => undefined
      const ended = new Promise<void>(resolve => {
        end = resolve
      })
      const work = (): Promise<unknown> =>
        database.db.transaction().execute(async transaction => {
          await sql`select 1`.execute(transaction)
          await ended
        })
      const running = Array.from({ length: 10 }, work)
      await expect.poll(() => database.connectionUse?.(), { timeout: 20_000 }).toEqual({ open: 10, busy: 10, waiting: 0 })
      await sql`select 1`.execute(database.prompt)
      const late = Array.from({ length: 3 }, work)
      await expect.poll(() => database.connectionUse?.()).toEqual({ open: 11, busy: 10, waiting: 3 })
      end()
      // On a slow machine, those may have given up waiting.
      await Promise.allSettled([...running, ...late])
      expect(database.connectionUse?.()).toEqual({ open: 11, busy: 0, waiting: 0 })
    } finally {
      await database.close()
      await postgres.close()
    }
  })
})
