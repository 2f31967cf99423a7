import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createMasterKeyFile, type KeyService, openKeyService } from '../src/index.ts'
import { type FollowedChanges, followKeyChanges } from '../src/keys/key-changes.ts'
import type { Backend } from './stores.ts'

const ALICE = { name: 'admin:alice', address: '203.0.113.7' }
const THOROUGH = process.env.THOROUGH === 'true'
const KEYS = 3

/** What is done to the store, or by the process that follows it. */
const deed = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('change' as const), key: fc.nat(KEYS - 1) }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('look' as const) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('copy' as const) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('put back' as const) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('prune' as const) }) },
)

/** How the changes of keys are followed, on either database. */
export function describeKeyChanges(backend: Backend): void {
  describe.skipIf(!backend.isHere)(`the changes of keys on ${backend.title}`, () => {
    let service: KeyService
    let changes: FollowedChanges
    let look: () => Promise<void>
    let ids: string[]
    let errors: unknown[]
    /** The names of keys, as a process that follows the changes knows them. */
    const known = new Map<string, string>()
    let changed = 0

    beforeAll(() => backend.begin(), 60_000)
    beforeEach(async () => {
      const where = await backend.newStore()
      createMasterKeyFile(where.masterKeyFile)
      service = await openKeyService({ ...where, flushMs: 3_600_000, pollMs: 3_600_000 })
      await service.administrators.createOrganisation(ALICE, { id: 'acme', name: 'acme', kind: 'organisation' })
      ids = []
      for (let at = 0; at < KEYS; at++) ids.push((await service.keys.create(ALICE, 'acme', { name: 'k' })).key.id)
      known.clear()
      errors = []
      let heard = (): void => undefined
      changes = await followKeyChanges({
        database: {
          ...service.database,
          listen(listener) {
            heard = listener
            return { close: async () => undefined }
          },
        },
        pollMs: 3_600_000,
        onChanged(some) {
          for (const id of some) known.delete(id)
        },
        onLost: () => known.clear(),
        onError: error => errors.push(error),
      })
      look = async () => {
        const from = performance.now()
        heard()
        await expect.poll(() => performance.now() - changes.ageMs() >= from, { interval: 1, timeout: 10_000 }).toBe(true)
      }
    })
    afterEach(async () => {
      await changes.close()
      await service.close()
    })
    afterAll(() => backend.end())

    const change = (id: string) => service.keys.update(ALICE, 'acme', id, { name: `name ${++changed}` })
    const nameOf = async (id: string) => (await service.keys.get('acme', id)).name
    async function prune(): Promise<void> {
      const { sequence } = await service.audit.head()
      await service.database.db.deleteFrom('audit').where('sequence', '<', sequence).execute()
    }
    async function readAll(): Promise<void> {
      for (const id of ids) known.set(id, known.get(id) ?? (await nameOf(id)))
    }

    /** All that a backup has of keys and their log. */
    async function copy() {
      const { db } = service.database
      const audit = await db.selectFrom('audit').selectAll().execute()
      const head = await db.selectFrom('audit_head').selectAll().executeTakeFirstOrThrow()
      const keys = await db.selectFrom('api_key').select(['id', 'name']).execute()
      return async () => {
        await db.transaction().execute(async transaction => {
          await transaction.deleteFrom('audit').execute()
          await transaction.insertInto('audit').values(audit).execute()
          await transaction.updateTable('audit_head').set(head).execute()
          for (const { id, name } of keys) await transaction.updateTable('api_key').set({ name }).where('id', '=', id).execute()
        })
      }
    }

    it('leave nothing known that is otherwise in the store, whatever was put back or pruned between two looks', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(deed, { maxLength: 25 }), async deeds => {
          let putBack = await copy()
          await look()
          for (const one of deeds) {
            if (one.does === 'copy') putBack = await copy()
            if (one.does === 'put back') await putBack()
            if (one.does === 'change') await change(ids[one.key] ?? '')
            if (one.does === 'prune') await prune()
            if (one.does !== 'look') continue
            await look()
            for (const [id, name] of known) expect(name).toBe(await nameOf(id))
            await readAll()
          }
        }),
        { numRuns: THOROUGH ? 100 : 15 },
      )
    })

    const lost = [1, 2, 6].flatMap(lacks => [0, lacks - 1, lacks, lacks + 1, lacks + 5].map(grows => [lacks, grows] as const))
    it.each(lost)('forget all keys where the store lacks the last %d entries and has %d new ones', async (lacks, grows) => {
      const [id = '', other = ''] = ids
      const putBack = await copy()
      for (let at = 0; at < lacks; at++) await change(id)
      await look()
      await readAll()
      await putBack()
      for (let at = 0; at < grows; at++) await change(other)
      await look()
      expect([...known.keys()]).toEqual([])
      expect(errors).toMatchObject([{ code: 'store-fell-back' }])
      await readAll()
      await change(other)
      await look()
      expect([...known.keys()]).toEqual(ids.filter(one => one !== other))
      expect(errors).toHaveLength(1)
    })

    it('forget all keys where entries were pruned before they were read', async () => {
      await look()
      await readAll()
      for (const id of ids) await change(id)
      await prune()
      await look()
      expect([...known.keys()]).toEqual([])
      expect(errors).toEqual([])
    })

    it('are of one key each, and no others are forgotten for them', async () => {
      await look()
      await readAll()
      await change(ids[1] ?? '')
      await look()
      expect([...known.keys()]).toEqual([ids[0], ids[2]])
      expect(errors).toEqual([])
    })
  })
}
