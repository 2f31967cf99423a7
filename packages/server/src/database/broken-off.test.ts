import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Connection from 'libsql'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { openKeyService } from '../service.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-broken-off-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => void vi.restoreAllMocks())

const masterKey = Buffer.alloc(32, 7).toString('base64')
const CREATING = /^create (table|index) /i
const prepare = Connection.prototype.prepare

/** @returns the statements that made tables and indexes */
async function openBrokenOff(store: string, at: number): Promise<readonly string[]> {
  const made: string[] = []
  vi.spyOn(Connection.prototype, 'prepare').mockImplementation(function (this: Connection.Database, sql: string) {
    if (CREATING.test(sql) && made.push(sql) > at) throw new Error('broken off')
    return prepare.call(this, sql)
  })
  const opened = await openKeyService({ store, masterKey }).catch((error: unknown) => error as Error)
  if (opened instanceof Error) expect(opened.message).toBe('broken off')
  else await opened.close()
  vi.restoreAllMocks()
  return made
}

function schemaOf(store: string): unknown {
  const connection = new Connection(store)
  const rows = connection.prepare('select type, name, sql from sqlite_master order by name').all()
  connection.close()
  return rows
}

describe('a first start on SQLite', () => {
  it('can be broken off before any statement: the next one makes a whole store', async () => {
    const whole = join(folder, 'whole.db')
    const statements = await openBrokenOff(whole, Number.POSITIVE_INFINITY)
    expect(statements.length).toBeGreaterThan(10)
    for (const [at, sql] of statements.entries()) {
      const store = join(folder, `${at}.db`)
      expect(await openBrokenOff(store, at)).toHaveLength(at + 1)
      await (await openKeyService({ store, masterKey })).close()
      expect(schemaOf(store), sql).toEqual(schemaOf(whole))
    }
  })
})
