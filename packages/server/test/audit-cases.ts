import type { Failure } from 'countersign'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listAudit, recorded } from '../src/audit/audit-log.ts'
import { verifyChain } from '../src/audit/verify-chain.ts'
import {
  createMasterKeyFile,
  createSealer,
  type KeyService,
  masterKeysOfFile,
  openKeyService,
  placeText,
  rotateMasterKey,
} from '../src/index.ts'
import type { Backend } from './stores.ts'

const ALICE = { name: 'admin:alice', address: '203.0.113.7' }
const DAY_MS = 86_400_000
const REQUEST = { method: 'GET', target: '/x', headers: {}, address: '198.51.100.1' }

/** The audit log as a whole, on either database. */
export function describeAudit(backend: Backend): void {
  describe.skipIf(!backend.isHere)(`the audit log on ${backend.title}`, () => {
    let now = Date.now()
    let where: { store: string; masterKeyFile: string }
    let service: KeyService
    beforeAll(() => backend.begin(), 60_000)
    beforeEach(async () => {
      now = Date.now()
      where = await backend.newStore()
      createMasterKeyFile(where.masterKeyFile)
      service = await open()
      await service.administrators.createOrganisation(ALICE, { id: 'acme', name: 'acme', kind: 'organisation' })
    })
    afterEach(() => service.close())
    afterAll(() => backend.end())
    const open = () => openKeyService({ ...where, clock: () => now, flushMs: 3_600_000 })
    const create = async (name = 'k') => (await service.keys.create(ALICE, 'acme', { name })).key.id
    const refusals = async () => (await listAudit(service.database.db, { limit: 500 })).filter(({ action }) => action === 'request.refused')

    it('is whole where a piece of it is pruned while it is verified', async () => {
      const old = { action: 'a', organisationId: '', subject: '', detail: {} }
      for (let count = 0; count < 25; count++)
        await recorded(service.database, ALICE, now, () => Promise.resolve({ value: 0, events: new Array(100).fill(old) }))
      now += 10 * DAY_MS
      const pruning = await open()
      let removed = 0
      // Behind the first thousand entries that are read.
      const db = service.database.db.withPlugin({
        transformQuery: ({ node }) => node,
        async transformResult({ result }) {
          if (removed === 0 && result.rows.length === 1_000) removed = (await pruning.audit.prune(ALICE, now - 2 * DAY_MS)).removed
          return result
        },
      })
      try {
        const { broken } = await verifyChain(db, createSealer(await masterKeysOfFile(where.masterKeyFile)))
        expect(removed).toBeGreaterThan(2_000)
        expect(broken).toBeUndefined()
      } finally {
        await pruning.close()
      }
    })

    it('says what each change was before and after, and only of what changed', async () => {
      const id = await create('old name')
      await service.keys.update(ALICE, 'acme', id, {
        name: 'new name',
        permissions: ['balance'],
        addresses: ['10.0.0.0/8'],
        expiresAt: '2099-01-01T00:00:00.000Z',
        labels: { team: 'desk' },
        fundId: '',
      })
      await service.keys.setState(ALICE, 'acme', id, 'disabled')
      const [state, update] = await listAudit(service.database.db, { subject: id, limit: 2 })
      expect(update?.detail).toEqual({
        name: { before: 'old name', after: 'new name' },
        permissions: { before: [], after: ['balance'] },
        addresses: { before: [], after: ['10.0.0.0/8'] },
        expiresAt: { before: null, after: '2099-01-01T00:00:00.000Z' },
        labels: { before: {}, after: { team: 'desk' } },
      })
      expect(state?.detail).toEqual({ state: { before: 'active', after: 'disabled' } })
    })

    it('has one entry at most for a key, a reason and a minute, by all processes, and loses no count', async () => {
      const id = await create()
      const other = await open()
      const codes = ['bad-signature', 'replayed'] as const
      for (let second = 0; second < 120; second += 5) {
        for (const { refusals: own } of [service, other]) {
          for (const code of codes) own.refused({ failure: { code, keyId: id } as Failure, request: REQUEST })
          await own.flush()
        }
        now += 5000
      }
      const counts = (await refusals()).map(({ detail }) => detail)
      expect(counts.length).toBeLessThanOrEqual(codes.length * 3)
      await other.close()
      await service.refusals.close()
      const all = await refusals()
      for (const code of codes)
        expect(all.filter(({ detail }) => detail.code === code).reduce((sum, { detail }) => sum + Number(detail.count), 0)).toBe(48)
    })

    it('has at most a hundred entries of refusals a minute, whatever the keys', async () => {
      const ids = await Promise.all(Array.from({ length: 150 }, (_, at) => create(`k${at}`)))
      for (const keyId of ids) service.refusals.refused({ failure: { code: 'replayed', keyId }, request: REQUEST })
      await service.refusals.flush()
      const entries = await refusals()
      expect(entries.length).toBeLessThanOrEqual(101)
      expect(entries.reduce((sum, { detail }) => sum + Number(detail.count), 0)).toBe(150)
    })

    it('is pruned up to a sealed checkpoint, from which it is verified', async () => {
      const id = await create()
      await create()
      const early = placeText(await service.audit.head())
      now += 10 * DAY_MS
      await service.keys.update(ALICE, 'acme', id, { name: 'later' })
      const late = placeText(await service.audit.head())
      await expect(service.audit.prune(ALICE, now)).rejects.toMatchObject({ code: 'prune-too-young', status: 400 })
      expect(await service.audit.prune(ALICE, now - 20 * DAY_MS)).toMatchObject({ removed: 0, checkpoint: { sequence: 0 } })
      expect(await service.audit.prune(ALICE, now - 5 * DAY_MS)).toMatchObject({ removed: 3, checkpoint: { sequence: 3 } })
      expect(await service.audit.verify()).toMatchObject({ entries: 2, broken: undefined })
      for (const head of [early, late, late.split(':')[1]]) expect((await service.audit.verify(head)).broken).toBeUndefined()
      const [entry] = await listAudit(service.database.db, { limit: 1 })
      expect(entry).toMatchObject({ action: 'audit.prune', actor: ALICE.name, detail: { removed: 3, checkpoint: { sequence: 3 } } })
      // With another master key as well.
      await rotateMasterKey(service.database, where.masterKeyFile, ALICE)
      expect((await service.audit.verify(late)).broken).toBeUndefined()
      // The last entry stays, so that the log goes on.
      now += 10 * DAY_MS
      await service.audit.prune(ALICE, now - 5 * DAY_MS)
      expect((await service.audit.verify()).broken).toBeUndefined()
      expect((await service.audit.verify(early)).broken?.reason).toContain('older than what was pruned')
    })

    it('is whole although others write it while it is verified', async () => {
      await create()
      const other = await open()
      let left = 5
      const result = async <T>(given: T): Promise<T> => {
        if (left-- > 0) await other.keys.create(ALICE, 'acme', { name: 'meanwhile' })
        return given
      }
      // After each of the first reads there is one more entry.
      const db = service.database.db.withPlugin({
        transformQuery: ({ node }) => node,
        transformResult: ({ result: given }) => result(given),
      })
      const sealer = createSealer(await masterKeysOfFile(where.masterKeyFile))
      expect(await verifyChain(db, sealer)).toMatchObject({ entries: 7, broken: undefined })
      await other.close()
    })

    it('shows what was cut off or written anew', async () => {
      const { db } = service.database
      for (let count = 0; count < 4; count++) await create()
      const kept = placeText(await service.audit.head())
      const [last, before] = await listAudit(db, { limit: 2 })
      // The end, together with its head: nothing but a head that was kept elsewhere shows it.
      await db
        .deleteFrom('audit')
        .where('sequence', '=', last?.sequence ?? 0)
        .execute()
      await db
        .updateTable('audit_head')
        .set({ sequence: before?.sequence ?? 0, hash: before?.hash ?? '' })
        .execute()
      expect((await service.audit.verify()).broken).toBeUndefined()
      expect((await service.audit.verify(kept)).broken).toEqual({
        sequence: 5,
        missing: 1,
        reason: expect.stringContaining('The kept head is entry 5, and the log ends with entry 4: 1 entry is gone.') as string,
      })
      // Without its number there is only what was seen.
      const { missing, reason = '' } = (await service.audit.verify(kept.split(':')[1])).broken ?? {}
      expect([missing, reason]).toEqual([undefined, expect.stringContaining('the log ends with entry 4')])
      // The log went on: what the head names is another entry now.
      await create()
      expect((await service.audit.verify()).broken).toBeUndefined()
      const { broken } = await service.audit.verify(kept)
      expect(broken).toEqual({ sequence: 5, reason: expect.stringContaining('Entry 5 is another than') as string })
      // The end without the store's own head.
      await db.deleteFrom('audit').where('sequence', '>=', 4).execute()
      expect((await service.audit.verify()).broken).toMatchObject({
        sequence: 4,
        missing: 2,
        reason: expect.stringContaining('2 entries are gone'),
      })
      await expect(service.audit.verify('12')).rejects.toMatchObject({ code: 'head-malformed', status: 400 })
      await db.deleteFrom('audit_head').execute()
      expect((await service.audit.verify()).broken?.reason).toContain('head of the log is missing')
      // The beginning, said to be pruned by somebody without the master key.
      await db.deleteFrom('audit').where('sequence', '<=', 2).execute()
      expect((await service.audit.verify()).broken).toMatchObject({ sequence: 1 })
      await db
        .insertInto('setting')
        .values({ name: 'audit-checkpoint', value: JSON.stringify({ sequence: 2, hash: 'x' }) })
        .execute()
      await expect(service.audit.verify()).rejects.toMatchObject({ code: 'audit-checkpoint-damaged' })
    })
  })
}
