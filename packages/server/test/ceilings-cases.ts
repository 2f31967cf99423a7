import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listAudit } from '../src/audit/audit-log.ts'
import { createMasterKeyFile, type KeyService, openKeyService } from '../src/index.ts'
import { type Ceilings, findExcess, isWider } from '../src/keys/ceilings.ts'
import type { KeyChanges, KeyView } from '../src/keys/schemas.ts'
import type { Backend } from './stores.ts'

const ALICE = { name: 'admin:alice', address: '203.0.113.7' }
const DAY_MS = 86_400_000
type Given = Pick<KeyChanges, 'permissions' | 'addresses'>
const REACHED = { code: 'ceiling-reached', status: 403 }

const NAMES = ['balance', 'web3', 'read_only']
const RANGES = ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.3', '203.0.113.0/24', '2001:db8::/32', '2001:db8:1::/48']
const SOME_NAMES = fc.subarray(NAMES)
const SOME_RANGES = fc.subarray(RANGES)
const SCHEMES = ['qredo-v1', 'kraken']
const bounds: fc.Arbitrary<Ceilings> = fc.record(
  { permissions: SOME_NAMES, schemes: fc.subarray(SCHEMES), addresses: SOME_RANGES, maxKeys: fc.integer({ min: 0, max: 4 }) },
  { requiredKeys: [] },
)
/** Days from now; null: never. */
const end = fc.option(fc.integer({ min: 1, max: 9 }), { nil: null })
const settings = fc.record({ permissions: SOME_NAMES, addresses: SOME_RANGES, days: end }, { requiredKeys: [] })
const act = fc.oneof(
  { weight: 2, arbitrary: fc.record({ what: fc.constant('bound' as const), bounds }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('create' as const), scheme: fc.constantFrom(...SCHEMES), settings }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('import' as const), scheme: fc.constantFrom(...SCHEMES), settings }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('update' as const), key: fc.nat(), settings }) },
  // With nothing but another end.
  { weight: 3, arbitrary: fc.record({ what: fc.constant('update' as const), key: fc.nat(), settings: fc.record({ days: end }) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('rotate' as const), key: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('set' as const),
      key: fc.nat(),
      state: fc.constantFrom('active' as const, 'disabled' as const, 'revoked' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 4 }) }) },
)

/** Until when a key can be used as things stand. */
function usableUntil({ state, expiresAt }: KeyView): number {
  if (state !== 'active') return 0
  return expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt)
}

/** What an operator bounds, and how long tokens are good, on either database. */
export function describeCeilings(backend: Backend): void {
  describe.skipIf(!backend.isHere)(`the ceilings of an organisation on ${backend.title}`, () => {
    let now = Date.now()
    let service: KeyService
    beforeAll(() => backend.begin(), 60_000)
    beforeEach(async () => {
      now = Date.now()
      const where = await backend.newStore()
      createMasterKeyFile(where.masterKeyFile)
      service = await openKeyService({ ...where, clock: () => now, flushMs: 3_600_000 })
      for (const id of ['acme', 'umbrella']) await service.administrators.createOrganisation(ALICE, { id, name: id, kind: 'organisation' })
    })
    afterEach(() => service.close())
    afterAll(() => backend.end())
    const create = (given: object = {}, organisation = 'acme') => service.keys.create(ALICE, organisation, { name: 'k', ...given })
    const setCeilings = (ceilings: object) => service.administrators.setCeilings(ALICE, 'acme', ceilings)
    const admin = (given: object = {}) =>
      service.administrators.create(ALICE, undefined, { name: 'a', role: 'admin', organisationId: 'acme', ...given })

    it.each<[string, object, string]>([
      ['an operator', { role: 'operator' }, 'role-denied'],
      ['one of another organisation', { organisationId: 'umbrella' }, 'role-denied'],
      ['a token without an end', { expiresAtMs: null }, 'expiry-too-late'],
      ['a token of more than a year', { expiresAtMs: Date.now() + 400 * 86_400_000 }, 'expiry-too-late'],
      ['a token that has ended', { expiresAtMs: 1 }, 'expiry-past'],
    ])('keep whoever is of one organisation from making %s, whichever way the store is asked', async (_, given, code) => {
      const made = service.administrators.create(ALICE, 'acme', { name: 'a', role: 'auditor', ...given })
      await expect(made).rejects.toMatchObject({ code })
      expect(await service.administrators.list(undefined)).toEqual([])
      const { administrator } = await service.administrators.create(ALICE, 'acme', { name: 'a', role: 'auditor' })
      expect(administrator.organisationId).toBe('acme')
    })

    it.each<[Ceilings, Given, Given]>([
      [{ permissions: ['balance'] }, { permissions: ['balance', 'web3'] }, { permissions: ['balance'] }],
      [{ permissions: [] }, { permissions: ['web3'] }, {}],
      [{ addresses: ['10.0.0.0/8'] }, {}, { addresses: ['10.1.0.0/16', '10.255.255.255'] }],
      [{ addresses: ['10.0.0.0/8'] }, { addresses: ['10.0.0.0/7'] }, { addresses: ['10.0.0.0/8'] }],
      [{ addresses: ['10.0.0.0/8'] }, { addresses: ['10.0.0.1', '11.0.0.1'] }, { addresses: ['10.0.0.1'] }],
      [{ addresses: ['10.0.0.0/8'] }, { addresses: ['::/0'] }, { addresses: ['10.0.0.1'] }],
      [{ addresses: ['10.0.0.0/8', '2001:db8::/32'] }, { addresses: ['2001:db9::1'] }, { addresses: ['2001:db8:1::/48'] }],
    ])('hold for a key that is made, imported, changed or enabled: %j, against %j', async (ceilings, above, within) => {
      const { key: old } = await create({ ...above })
      await service.keys.setState(ALICE, 'acme', old.id, 'disabled')
      expect(await setCeilings(ceilings)).toEqual({ ceilings, exceeding: [old.id] })
      const { key } = await create({ ...within })
      const before = await service.keys.get('acme', key.id)
      await expect(create({ ...above })).rejects.toMatchObject(REACHED)
      const imported = { id: 'elsewhere', name: 'k', secret: randomBytes(40).toString('base64'), ...above }
      await expect(service.keys.import(ALICE, 'acme', imported)).rejects.toMatchObject(REACHED)
      await expect(service.keys.update(ALICE, 'acme', key.id, { permissions: [], addresses: [], ...above })).rejects.toMatchObject(REACHED)
      await expect(service.keys.setState(ALICE, 'acme', old.id, 'active')).rejects.toMatchObject(REACHED)
      expect(await service.keys.get('acme', key.id)).toEqual(before)
      // What is above a later ceiling can still be renamed, rotated and revoked; other organisations are as they were.
      await service.keys.update(ALICE, 'acme', old.id, { name: 'renamed' })
      await service.keys.rotate(ALICE, 'acme', old.id, {})
      await service.keys.setState(ALICE, 'acme', old.id, 'revoked')
      await create({ ...above }, 'umbrella')
    })

    it('are never exceeded by more, nor for longer, than when they were set, whatever is done to keys in whatever order', async () => {
      const { keys, administrators } = service
      const all = async () => (await keys.list('acme', { limit: 500 })).keys
      const isWithin = (ceilings: Ceilings, key: KeyView) => findExcess(ceilings, key) === undefined
      let imported = 0
      await fc.assert(
        fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 25 }), async acts => {
          for (const { id, state } of await all()) if (state !== 'revoked') await keys.setState(ALICE, 'acme', id, 'revoked')
          let ceilings: Ceilings = {}
          await administrators.setCeilings(ALICE, 'acme', ceilings)
          const settled = ({ days, ...given }: { readonly days?: number | null; readonly [name: string]: unknown }) => ({
            ...given,
            ...(days === undefined ? {} : { expiresAt: days === null ? null : new Date(now + days * DAY_MS).toISOString() }),
          })
          await create(settled({ permissions: NAMES, days: 5 }))
          await create(settled({ scheme: 'kraken', days: null }))
          for (const step of acts) {
            const before = new Map((await all()).map(key => [key.id, key]))
            const alive = [...before.values()].filter(({ state }) => state !== 'revoked')
            const keyAt = (at: number): string => alive[at % Math.max(1, alive.length)]?.id ?? 'none'
            const secret = randomBytes(64).toString('base64')
            const doStep = (): Promise<unknown> => {
              switch (step.what) {
                case 'bound':
                  return administrators.setCeilings(ALICE, 'acme', step.bounds)
                case 'create':
                  return create({ scheme: step.scheme, ...settled(step.settings) })
                case 'import':
                  return keys.import(ALICE, 'acme', {
                    id: `i${++imported}`,
                    name: 'i',
                    scheme: step.scheme,
                    secret,
                    ...settled(step.settings),
                  })
                case 'update':
                  return keys.update(ALICE, 'acme', keyAt(step.key), settled(step.settings))
                case 'rotate':
                  return keys.rotate(ALICE, 'acme', keyAt(step.key), { overlapSeconds: 0 })
                case 'set':
                  return keys.setState(ALICE, 'acme', keyAt(step.key), step.state)
                case 'wait':
                  now += step.days * DAY_MS
                  return Promise.resolve()
              }
            }
            const code = await doStep().then(
              () => 'done',
              (error: { readonly code: string }) => error.code,
            )
            expect(['done', 'ceiling-reached', 'key-unknown', 'key-revoked']).toContain(code)
            if (step.what === 'bound') ceilings = step.bounds
            const after = await all()
            for (const key of after) {
              const old = before.get(key.id)
              if (usableUntil(key) === 0 || isWithin(ceilings, key)) continue
              // Above a ceiling, and usable: no more than it was, and no longer.
              expect(old === undefined || isWider(key, old)).toBe(false)
              expect(usableUntil(key)).toBeLessThanOrEqual(old === undefined ? 0 : usableUntil(old))
            }
            const count = after.filter(({ state }) => state !== 'revoked').length
            if (ceilings.maxKeys !== undefined) expect(count).toBeLessThanOrEqual(Math.max(ceilings.maxKeys, alive.length))
          }
        }),
        { numRuns: process.env.THOROUGH === 'true' ? 200 : 25 },
      )
    })

    it('let a key that is above them be narrowed step by step, and never widened', async () => {
      const { key } = await create({ permissions: ['balance', 'web3'], addresses: [] })
      await setCeilings({ permissions: [], addresses: ['10.0.0.0/8'] })
      const update = (changes: KeyChanges) => service.keys.update(ALICE, 'acme', key.id, changes)
      await update({ permissions: ['web3'] })
      await expect(update({ permissions: ['balance'] })).rejects.toMatchObject(REACHED)
      await update({ addresses: ['8.0.0.0/6'] })
      await update({ addresses: ['8.8.8.8', '10.1.0.0/16'] })
      await expect(update({ addresses: ['8.8.8.9'] })).rejects.toMatchObject(REACHED)
      await expect(update({ addresses: [] })).rejects.toMatchObject(REACHED)
      await update({ permissions: [], addresses: ['10.1.0.0/16'] })
    })

    it('hold for schemes', async () => {
      await setCeilings({ schemes: ['qredo-v1'] })
      await create()
      await expect(create({ scheme: 'kraken' })).rejects.toMatchObject(REACHED)
    })

    it('hold for the number of keys, of many that are made at once too', async () => {
      await setCeilings({ maxKeys: 2 })
      const made = await Promise.allSettled(Array.from({ length: 6 }, () => create()))
      expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
      const [{ id = '' } = {}] = (await service.keys.list('acme', { limit: 50 })).keys
      await service.keys.setState(ALICE, 'acme', id, 'revoked')
      await create()
      await expect(create()).rejects.toMatchObject(REACHED)
    })

    it('hold for the number of administrators whose tokens are good', async () => {
      await setCeilings({ maxAdministrators: 2 })
      const { administrator, token } = await admin({ expiresAtMs: now + DAY_MS })
      await admin({ role: 'auditor', expiresAtMs: null })
      await expect(admin()).rejects.toMatchObject(REACHED)
      now += DAY_MS
      await admin()
      await expect(admin()).rejects.toMatchObject(REACHED)
      await expect(service.administrators.renew(ALICE, administrator.id, token)).rejects.toMatchObject({ code: 'administrator-unknown' })
    })

    it('hold for administrators that are made at once', async () => {
      await setCeilings({ maxAdministrators: 2 })
      const made = await Promise.allSettled(
        Array.from({ length: 6 }, () => service.administrators.create(ALICE, 'acme', { name: 'a', role: 'admin' })),
      )
      expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
      expect(await service.administrators.list('acme')).toHaveLength(2)
    })

    it('are in the log with what they were before, and refuse ranges that are none', async () => {
      await setCeilings({ maxKeys: 2 })
      await setCeilings({ maxKeys: 3 })
      const [entry] = await listAudit(service.database.db, { action: 'organisation.ceilings', limit: 1 })
      expect(entry).toMatchObject({ organisationId: 'acme', detail: { before: { maxKeys: 2 }, after: { maxKeys: 3 } } })
      await expect(setCeilings({ addresses: ['10.0.0.0/33'] })).rejects.toMatchObject({ status: 400 })
      await expect(service.administrators.setCeilings(ALICE, 'nobody', {})).rejects.toMatchObject({ code: 'organisation-unknown' })
    })

    it('a token ends after 90 days unless it is said otherwise, and its sessions with it', async () => {
      const { administrator, token } = await admin()
      expect(administrator.expiresAt).toBe(new Date(now + 90 * DAY_MS).toISOString())
      const endless = await admin({ expiresAtMs: null })
      now += 90 * DAY_MS - 1
      expect(await service.administrators.authenticate(token)).toMatchObject({ id: administrator.id })
      now += 1
      expect(await service.administrators.authenticate(token)).toBeUndefined()
      expect(await service.administrators.find(administrator.id, '')).toBeUndefined()
      expect(await service.administrators.authenticate(endless.token)).toBeDefined()
      await expect(admin({ expiresAtMs: now })).rejects.toMatchObject({ code: 'expiry-past', status: 400 })
    })

    it('a renewed token leaves the old one good for an hour, however many answers are lost', async () => {
      const { administrator, token } = await admin()
      const holds = async (given: string) => (await service.administrators.authenticate(given)) !== undefined
      const lost = await service.administrators.renew(ALICE, administrator.id, token)
      now += 1000
      const renewed = await service.administrators.renew(ALICE, administrator.id, token)
      expect([await holds(token), await holds(lost.token), await holds(renewed.token)]).toEqual([true, false, true])
      expect(renewed.administrator.expiresAt).toBe(new Date(now + 90 * DAY_MS).toISOString())
      now += 3_600_000
      expect([await holds(token), await holds(renewed.token)]).toEqual([false, true])
    })

    it('a token that renews itself again stays good, and the one before it ends', async () => {
      const { administrator, token } = await admin()
      const holds = async (given: string) => (await service.administrators.authenticate(given)) !== undefined
      const second = await service.administrators.renew(ALICE, administrator.id, token)
      const third = await service.administrators.renew(ALICE, administrator.id, second.token)
      expect([await holds(token), await holds(second.token), await holds(third.token)]).toEqual([false, true, true])
    })
  })
}
