import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { POSTGRESQL } from '../../test/stores.ts'
import { openKeyService } from '../service.ts'

const masterKey = Buffer.alloc(32, 7).toString('base64')

describe.skipIf(!POSTGRESQL.isHere)(`a key store that must exist, on ${POSTGRESQL.title}`, () => {
  beforeAll(() => POSTGRESQL.begin())
  afterAll(() => POSTGRESQL.end())

  async function query(store: string, sql: string): Promise<readonly unknown[]> {
    const client = new pg.Client(store)
    await client.connect()
    const { rows } = await client.query(sql)
    await client.end()
    return rows
  }
  const TABLES = "select table_name from information_schema.tables where table_schema = 'public' order by 1"

  it.each([
    ['nothing', 'store-missing', 'select 1'],
    ['tables of another program', 'store-missing', 'create table person (name text)'],
    [
      'steps of another program',
      'store-foreign',
      "create table kysely_migration (name text); insert into kysely_migration values ('theirs')",
    ],
    ['steps that were broken off', 'store-missing', 'create table kysely_migration (name text)'],
  ])('is not made in a database with %s, which is named without its password', async (_, code, sql) => {
    const { store } = await POSTGRESQL.newStore()
    await query(store, sql)
    const before = await query(store, TABLES)
    const withPassword = store.replace('countersign@', 'countersign:hunter2@')
    const { host, pathname } = new URL(store)
    for (const key of [masterKey, undefined]) {
      const refused: unknown = await openKeyService({ store: withPassword, masterKey: key, mustExist: true }).catch(
        (error: unknown) => error,
      )
      expect(refused).toMatchObject({ code, status: 500 })
      expect(String(refused)).toContain(`${pathname.slice(1)} on ${host}`)
      expect(String(refused)).not.toContain('hunter2')
    }
    expect(await query(store, TABLES)).toEqual(before)
  })

  it('is told together with the master key file that is not there either', async () => {
    const { store } = await POSTGRESQL.newStore()
    await expect(openKeyService({ store, masterKeyFile: '/nowhere/master-key', mustExist: true })).rejects.toMatchObject({
      code: 'store-missing',
      message: expect.stringMatching(/store in the settings.*master key file \/nowhere\/master-key is not there either/) as string,
    })
  })

  it('is opened where it is there', async () => {
    const { store } = await POSTGRESQL.newStore()
    await (await openKeyService({ store, masterKey })).close()
    await (await openKeyService({ store, masterKey, mustExist: true })).close()
  })
})
