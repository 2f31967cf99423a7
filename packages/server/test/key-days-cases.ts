import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createMasterKeyFile, type KeyService, openKeyService, readKeyDays, type ServiceOptions } from '../src/index.ts'
import type { Backend } from './stores.ts'

const ALICE = { name: 'admin:alice', address: '203.0.113.7' }
const DAY_MS = 86_400_000
const REQUEST = { method: 'GET', target: '/x', headers: {}, address: '198.51.100.1' }
const THOROUGH = process.env.THOROUGH === 'true'

const thing = fc.record({
  process: fc.constantFrom(0, 1),
  key: fc.constantFrom(0, 1),
  secret: fc.constantFrom('', 'one', 'two'),
  isCall: fc.boolean(),
  /** How much time passes before it. */
  hours: fc.integer({ min: 0, max: 20 }),
  /** Whether its process writes down what it has counted, right after it. */
  isFlushed: fc.boolean(),
})

/** What is counted of keys, on either database. */
export function describeKeyDays(backend: Backend): void {
  describe.skipIf(!backend.isHere)(`the days of a key on ${backend.title}`, () => {
    let now = 0
    let where: Pick<ServiceOptions, 'store' | 'masterKeyFile'>
    let services: KeyService[]
    let errors: unknown[]
    beforeAll(() => backend.begin(), 60_000)
    beforeEach(async () => {
      // Long past by the database's clock as well.
      now = Date.UTC(2020, 0, 1, 12)
      errors = []
      const place = await backend.newStore()
      where = place
      createMasterKeyFile(place.masterKeyFile)
      services = [await open(), await open()]
      await first().administrators.createOrganisation(ALICE, { id: 'acme', name: 'acme', kind: 'organisation' })
    })
    afterEach(() => Promise.all(services.map(service => service.close())))
    afterAll(() => backend.end())

    const open = () => openKeyService({ ...where, clock: () => now, flushMs: 3_600_000, onError: error => void errors.push(error) })
    const serviceOf = (at: number): KeyService => {
      const service = services[at]
      if (service === undefined) throw new Error('no such service')
      return service
    }
    const first = () => serviceOf(0)
    const newKey = async () => (await first().keys.create(ALICE, 'acme', { name: 'k' })).key.id
    const refuse = (service: KeyService, keyId: string, secretId?: string) =>
      service.refusals.refused({ failure: { code: 'bad-signature', keyId }, request: REQUEST, secretId })
    const daysOf = (keyId: string, days = 90) => readKeyDays(first().database.db, keyId, days, now)

    it('are the sum of what all processes counted, by UTC day and secret, whenever they wrote it', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(thing, { maxLength: 40 }), async things => {
          const keys = [await newKey(), await newKey()]
          const expected = new Map<string, number>()
          const add = (...name: readonly (string | number)[]) => expected.set(name.join(' '), (expected.get(name.join(' ')) ?? 0) + 1)
          for (const { process, key, secret, isCall, hours, isFlushed } of things) {
            now += hours * 3_600_000
            const day = new Date(now).toISOString().slice(0, 10)
            const [id = '', service, kind] = [keys[key], serviceOf(process), isCall ? 'calls' : 'refusals']
            if (isCall) service.days.used(id, secret === '' ? undefined : secret)
            else refuse(service, id, secret === '' ? undefined : secret)
            add(id, day, kind)
            if (secret !== '') add(id, day, secret, kind)
            if (isFlushed) await service.days.flush()
          }
          for (const service of services) await service.days.flush()
          const found = new Map<string, number>()
          const note = (count: number, ...name: readonly string[]) => count > 0 && found.set(name.join(' '), count)
          for (const id of keys)
            for (const { day, calls, refusals, secrets } of await daysOf(id)) {
              note(calls, id, day, 'calls')
              note(refusals, id, day, 'refusals')
              for (const one of secrets) {
                note(one.calls, id, day, one.id, 'calls')
                note(one.refusals, id, day, one.id, 'refusals')
              }
            }
          expect(found).toEqual(expected)
          expect(errors).toEqual([])
        }),
        { numRuns: THOROUGH ? 100 : 6 },
      )
    })

    it('are kept for 90 days, and removed when there are 100', async () => {
      const id = await newKey()
      const total = async () => (await daysOf(id)).reduce((sum, { calls }) => sum + calls, 0)
      for (let day = 0; day < 110; day++) {
        first().days.used(id)
        await first().days.flush()
        expect(await total()).toBe(Math.min(day + 1, 90))
        now += DAY_MS
      }
      const rows = await first().database.db.selectFrom('key_day').selectAll().execute()
      expect(rows).toHaveLength(100)
      expect(await daysOf(id, 2)).toHaveLength(1)
    })

    /** How far off a clock is, in days, and for how many flushes that follow each other, each a day later. */
    const wrongClocks = [
      [1, 1],
      [89, 1],
      [90, 1],
      [100, 1],
      [100, 9],
      [3_650, 9],
      [100_000, 1],
      [-1, 1],
      [-100, 9],
      [-3_650, 1],
    ] as const
    it.each(wrongClocks)(
      'stay, and are shown as before, where one process’s clock is off by %d days for %d flushes',
      async (off, times) => {
        const id = await newKey()
        for (let day = 0; day < 120; day++) {
          first().days.used(id)
          await first().days.flush()
          now += DAY_MS
        }
        now -= DAY_MS
        const before = await daysOf(id)
        expect(before).toHaveLength(90)
        const right = now
        for (let time = 0; time < times; time++) {
          now = right + (off + time) * DAY_MS
          serviceOf(1).days.used(id, 'wrong')
          await serviceOf(1).days.flush()
          now = right
          await first().days.flush()
        }
        const ofRight = (await daysOf(id)).map(({ day, calls, secrets }) => [day, calls - secrets.reduce((sum, one) => sum + one.calls, 0)])
        expect(ofRight).toEqual(before.map(({ day, calls }) => [day, calls]))
        const rows = await first().database.db.selectFrom('key_day').select('day').distinct().execute()
        expect(rows.length).toBeLessThanOrEqual(110)
        expect(errors).toEqual([])
      },
    )

    it('of which nothing new comes are shown for 90 days all the same', async () => {
      const id = await newKey()
      first().days.used(id)
      await first().days.flush()
      now += 89 * DAY_MS
      expect(await daysOf(id)).toHaveLength(1)
      now += DAY_MS
      expect(await daysOf(id)).toEqual([])
    })

    // A file has no clock but this machine's.
    if (backend.name === 'PostgreSQL')
      it('stay where one clock of two is ahead for good', async () => {
        const id = await newKey()
        // A day ahead, so that midnight may pass.
        const right = Date.now() + DAY_MS
        const seen: unknown[] = []
        for (let day = 200; day > 0; day--) {
          now = right - day * DAY_MS
          first().days.used(id)
          await first().days.flush()
        }
        now = right
        const before = await daysOf(id)
        for (let day = 0; day < 120; day++) {
          now = right + (3_650 + day) * DAY_MS
          serviceOf(1).days.used(id)
          await serviceOf(1).days.flush()
          now = right
          seen.push(await daysOf(id))
        }
        expect(before).toHaveLength(89)
        expect(new Set(seen.map(days => JSON.stringify(days)))).toEqual(new Set([JSON.stringify(before)]))
      })

    it('are none of a key that does not exist, however many are named, and a refused stranger is nobody’s', async () => {
      const id = await newKey()
      // Another scheme's verifier may say so of a key that exists.
      first().refusals.refused({ failure: { code: 'unknown-key', keyId: id }, request: REQUEST })
      for (let at = 0; at < 20_000; at++) refuse(first(), `stranger-${at}`)
      for (let at = 0; at < 300; at++) first().days.used(`elsewhere-${at}`)
      first().days.used(id)
      await first().days.flush()
      expect(await daysOf(id)).toEqual([{ day: '2020-01-01', calls: 1, refusals: 0, secrets: [] }])
      expect(await first().database.db.selectFrom('key_day').select('key_id').execute()).toEqual([{ key_id: id }])
      expect(errors).toEqual([])
    })

    it('count what could not be written in the next round, and once', async () => {
      const id = await newKey()
      const { db } = first().database
      await db.schema.alterTable('key_day').renameTo('key_day_away').execute()
      for (let round = 0; round < 3; round++) {
        first().days.used(id, 's')
        refuse(first(), id)
        await first().days.flush()
      }
      expect(errors).toHaveLength(3)
      await db.schema.alterTable('key_day_away').renameTo('key_day').execute()
      await first().days.flush()
      expect(await daysOf(id)).toEqual([{ day: '2020-01-01', calls: 3, refusals: 3, secrets: [{ id: 's', calls: 3, refusals: 0 }] }])
    })

    // Within one process, SQLite's driver would wait for itself.
    const several = backend.name === 'SQLite' ? [] : [40]
    it.each(several)('are written by two processes at the same time, %d keys in opposite orders, without a deadlock', async count => {
      const keys = await Promise.all(Array.from({ length: count }, newKey))
      for (let round = 0; round < 5; round++) {
        for (const id of keys) first().days.used(id)
        for (const id of [...keys].reverse()) serviceOf(1).days.used(id)
        await Promise.all(services.map(service => service.days.flush()))
      }
      const counts = await Promise.all(keys.map(async id => (await daysOf(id))[0]?.calls))
      expect(new Set(counts)).toEqual(new Set([10]))
      expect(errors).toEqual([])
    })
  })
}
