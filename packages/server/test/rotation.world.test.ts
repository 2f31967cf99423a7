import { copyFileSync } from 'node:fs'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMasterKeyFile, type KeyService, openKeyService, rotateMasterKey } from '../src/index.ts'
import { POSTGRESQL } from './stores.ts'

const ACTOR = { name: 'test', address: '' }

describe.skipIf(!POSTGRESQL.isHere)('a master key that is rotated while servers work (needs PostgreSQL)', () => {
  let where: { readonly store: string; readonly masterKeyFile: string }
  let service: KeyService
  beforeAll(async () => {
    await POSTGRESQL.begin()
    where = await POSTGRESQL.newStore()
    createMasterKeyFile(where.masterKeyFile)
    service = await openKeyService(where)
    await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  }, 60_000)
  afterAll(async () => {
    await service.close()
    await POSTGRESQL.end()
  })

  /**
   * Begins one after the other while a table is held, and lets go: of `audit_head`, nobody has sealed anything yet; of
   * `audit`, the first has sealed, and not committed.
   */
  async function whileHeld(table: 'audit_head' | 'audit', works: readonly (() => Promise<unknown>)[]): Promise<void> {
    let release = (): void => undefined
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    let isHeld = false
    const holding = service.database.db.transaction().execute(async transaction => {
      await sql`lock table ${sql.table(table)} in exclusive mode`.execute(transaction)
      isHeld = true
      await held
    })
    await expect.poll(() => isHeld).toBe(true)
    const waiting = async (): Promise<number> => {
      const { rows } = await sql<{ count: string }>`
        select count(*) as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
        service.database.db,
      )
      return Number(rows[0]?.count)
    }
    const done: Promise<unknown>[] = []
    for (const work of works) {
      done.push(work())
      await expect.poll(waiting, { timeout: 20_000 }).toBe(done.length)
    }
    release()
    await Promise.all([holding, ...done])
  }

  it('loses no secret of a key that is made, or rotated, or of a log that is pruned, before it or after it', async () => {
    const make = () => service.keys.create(ACTOR, 'acme', { name: 'k', scheme: 'okx' })
    const rotated = (await make()).key.id
    const rotate = () => service.keys.rotate(ACTOR, 'acme', rotated, {})
    const rotateMaster = () => rotateMasterKey(service.database, where.masterKeyFile, ACTOR)
    const prune = () => service.audit.prune(ACTOR, Date.now() - 86_400_001)
    await whileHeld('audit_head', [make, rotate, prune, rotateMaster, make, prune])
    await whileHeld('audit_head', [rotateMaster, make, rotate])
    await whileHeld('audit', [make, rotateMaster, rotate])
    await whileHeld('audit', [() => service.keys.rotate(ACTOR, 'acme', rotated, { overlapSeconds: 0 }), rotateMaster, make])
    const another = await openKeyService(where)
    try {
      const { keys } = await another.keys.list('acme', { limit: 100 })
      expect(keys).toHaveLength(6)
      for (const { id } of keys) expect(await another.keys.open(id), id).toBeDefined()
      expect((await another.audit.verify()).broken).toBeUndefined()
    } finally {
      await another.close()
    }
  })

  it('has a server that kept the file of before seal nothing, and disable keys all the same', async () => {
    const old = `${where.masterKeyFile}.old`
    copyFileSync(where.masterKeyFile, old)
    const behind = await openKeyService({ ...where, masterKeyFile: old })
    try {
      const { key } = await behind.keys.create(ACTOR, 'acme', { name: 'k' })
      await rotateMasterKey(service.database, where.masterKeyFile, ACTOR)
      await expect(behind.keys.create(ACTOR, 'acme', { name: 'lost' })).rejects.toMatchObject({ code: 'master-key-wrong' })
      await expect(behind.keys.rotate(ACTOR, 'acme', key.id, {})).rejects.toMatchObject({ code: 'master-key-wrong' })
      expect(await behind.keys.setState(ACTOR, 'acme', key.id, 'disabled')).toMatchObject({ state: 'disabled' })
      copyFileSync(where.masterKeyFile, old)
      expect(await behind.keys.create(ACTOR, 'acme', { name: 'not lost' })).toMatchObject({ key: { name: 'not lost' } })
    } finally {
      await behind.close()
    }
  })
})
