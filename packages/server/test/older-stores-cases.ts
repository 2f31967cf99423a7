import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createSigner, createVerifier } from 'countersign'
import { SCHEMES } from 'countersign/schemes'
import Connection from 'libsql'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrations } from '../src/database/migrations.ts'
import { isPostgres } from '../src/database/store-url.ts'
import { type KeyService, openKeyService } from '../src/index.ts'
import type { Backend } from './stores.ts'

const ACTOR = { name: 'test', address: '' }
const ORIGIN = 'https://api.example.com'

/** What stands in an older store: its secrets were shown to whoever made them. */
interface Made {
  readonly masterKey: string
  readonly at: number
  readonly admins: readonly { readonly name: string; readonly token: string }[]
  readonly keys: readonly MadeKey[]
}

interface MadeKey {
  readonly what: string
  readonly id: string
  readonly scheme: string
  readonly secret?: string
  readonly privateKey?: string
  readonly passphrase?: string
}

/** The schemas of before: those of `packages/server/test/older-stores`, and how many of their tokens are still good. */
const OLDER = [
  { name: '0001', isTokenGood: false },
  { name: '0002', isTokenGood: true },
  { name: '0003', isTokenGood: true },
] as const

const fixture = (file: string): string => readFileSync(new URL(`./older-stores/${file}`, import.meta.url), 'utf8')

/** Runs statements as another program would, past the key store. */
async function execute(store: string, sql: string): Promise<void> {
  if (!isPostgres(store)) {
    const connection = new Connection(store)
    connection.exec(sql)
    connection.close()
    return
  }
  const client = new pg.Client(store)
  await client.connect()
  await client.query(sql)
  await client.end()
}

export function describeOlderStores(backend: Backend): void {
  describe.skipIf(!backend.isHere)(`a store of an older version on ${backend.title}`, () => {
    beforeAll(() => backend.begin(), 60_000)
    afterAll(() => backend.end())

    async function place(name: string) {
      const made = JSON.parse(fixture(`${name}.json`)) as Made
      const where = await backend.newStore()
      await execute(where.store, fixture(`${name}.sql`))
      writeFileSync(where.masterKeyFile, `${made.masterKey}\n`)
      return { made, where }
    }

    async function withStore(name: string, work: (service: KeyService, made: Made, store: string) => Promise<void>): Promise<void> {
      const { made, where } = await place(name)
      // A rotation of then is still running.
      const service = await openKeyService({ ...where, clock: () => made.at + 60_000, flushMs: 3_600_000, pollMs: 50 })
      try {
        await work(service, made, where.store)
      } finally {
        await service.close()
      }
    }

    async function call(service: KeyService, made: Pick<Made, 'at'>, key: MadeKey): Promise<string> {
      const scheme = SCHEMES.find(({ name }) => name === key.scheme)
      if (scheme === undefined) return 'no scheme'
      const clock = () => made.at + 60_000
      const { secret, privateKey, passphrase } = key
      const given = Object.fromEntries(Object.entries({ secret, privateKey, passphrase }).filter(([, value]) => value !== undefined))
      const signer = createSigner(scheme, { keyId: key.id, ...given } as never, { clock })
      const { headers } = signer.sign({ method: 'GET', url: `${ORIGIN}/x` })
      const verifier = createVerifier(scheme, { origin: ORIGIN, keys: service.source.ofScheme(scheme.name), replay: 'off', clock })
      const result = await verifier.verify({ method: 'GET', target: '/x', headers, address: '10.1.2.3' })
      return result.ok ? 'ok' : result.failure.code
    }

    it('is known for every schema before the last', async () => {
      const steps = Object.keys(await migrations.getMigrations()).sort()
      expect(OLDER.map(({ name }) => name)).toEqual(steps.slice(0, -1).map(step => step.slice(0, 4)))
    })

    it.each(OLDER)(
      'of $name is brought up to date: every key opens, the chain is whole, nothing is lost',
      async ({ name, isTokenGood }) => {
        await withStore(name, async (service, made) => {
          const outcomes: Record<string, string> = {}
          for (const key of made.keys) outcomes[key.what] = await call(service, made, key)
          expect(outcomes).toEqual({
            plain: 'ok',
            narrowed: 'ok',
            'rotated-old': 'ok',
            'rotated-new': 'ok',
            revoked: 'key-revoked',
            partner: 'ok',
            passphrase: 'ok',
          })
          expect(await service.audit.verify()).toMatchObject({ entries: 14 })
          const plain = await service.keys.get('acme', made.keys[0]?.id ?? '')
          expect(plain).toMatchObject({ name: 'Plain', permissions: ['balance'], secrets: [{ lastUsedAt: null }] })
          const administrators = await Promise.all(made.admins.map(({ token }) => service.administrators.authenticate(token)))
          expect(administrators.map(one => one !== undefined)).toEqual(made.admins.map(() => isTokenGood))
        })
      },
    )

    it.each(OLDER)('of $name can be worked on: keys rotate with an overlap, and are made', async ({ name }) => {
      await withStore(name, async (service, made) => {
        const [plain] = made.keys
        const partner = made.keys.find(({ what }) => what === 'partner')
        if (plain === undefined || partner === undefined) throw new Error('no keys')
        const { secret } = await service.keys.rotate(ACTOR, 'acme', plain.id, {})
        const { publicKey, privateKey } = generateKeyPairSync('rsa', {
          modulusLength: 2048,
          publicKeyEncoding: { type: 'spki', format: 'pem' },
          privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
        })
        await service.keys.rotate(ACTOR, 'acme', partner.id, { publicKey })
        const keys = [plain, { ...plain, secret: secret ?? '' }, partner, { ...partner, privateKey }]
        const outcomes = []
        for (const key of keys) outcomes.push(await call(service, made, key))
        expect(outcomes).toEqual(['ok', 'ok', 'ok', 'ok'])
        await service.keys.create(ACTOR, 'other', { name: 'New' })
        expect(await service.audit.verify()).toMatchObject({ entries: 17 })
      })
    })

    // Within one process, SQLite's driver would wait for itself.
    const several = backend.name === 'SQLite' ? [] : OLDER
    it.each(several)('of $name, opened by many at once, is brought up to date once', async ({ name }) => {
      const { made, where } = await place(name)
      const services = await Promise.all(Array.from({ length: 4 }, () => openKeyService({ ...where, clock: () => made.at + 60_000 })))
      const [plain] = made.keys
      const outcomes = await Promise.all(services.map(service => (plain === undefined ? '' : call(service, made, plain))))
      await Promise.all(services.map(service => service.close()))
      expect(outcomes).toEqual(['ok', 'ok', 'ok', 'ok'])
    })

    /** What the version of before writes, on tables that this one has brought up to date. */
    const OLD_STATEMENTS = {
      insertKey: (id: string, publicKey: string, scheme: string) =>
        `insert into "api_key" ("id", "organisation_id", "name", "fund_id", "wallet_id", "scheme", "public_key", "sealed_passphrase", "permissions", "addresses", "labels", "state", "imported", "short_secret", "expires_at", "created_at", "updated_at", "last_used_at") values ('${id}', 'acme', 'Old', '', '', '${scheme}', '${publicKey}', '', '[]', '[]', '{}', 'active', 0, 0, 0, 1, 1, 0)`,
      insertSecret: (id: string, sealed: string) =>
        `insert into "key_secret" ("id", "key_id", "sealed", "created_at", "expires_at") values ('s-${id}', '${id}', '${sealed}', 1, 0)`,
      rotatePublic: (id: string, publicKey: string) =>
        `update "api_key" set "public_key" = '${publicKey}', "updated_at" = 2 where "id" = '${id}'`,
      use: (id: string, at: number) => `update "api_key" set "last_used_at" = ${at} where "id" = '${id}'`,
      revoke: (id: string) => `update "api_key" set "state" = 'revoked', "updated_at" = 2 where "id" = '${id}'`,
      insertAdministrator:
        'insert into "administrator" ("id", "organisation_id", "name", "role", "token_hash", "created_at", "disabled_at") values (\'old-admin\', \'acme\', \'old\', \'admin\', \'sha256$x\', 1, 0)',
      insertOrganisation:
        'insert into "organisation" ("id", "kind", "name", "created_at") values (\'old-org\', \'organisation\', \'Old\', 1)',
    }

    it('is worked on by an older version beside this one: what either makes, replaces or revokes counts for both', async () => {
      await withStore('0002', async (service, made, store) => {
        const pairs = Array.from({ length: 2 }, () =>
          generateKeyPairSync('rsa', {
            modulusLength: 2048,
            publicKeyEncoding: { type: 'spki', format: 'pem' },
            privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
          }),
        )
        const [first, second] = pairs
        if (first === undefined || second === undefined) throw new Error('no pairs')
        const partner = (privateKey: string, id: string) => call(service, made, { what: '', id, scheme: 'qredo-partner', privateKey })
        // A key with a public key that the older version makes, and then replaces: the old one ends at once.
        await execute(store, OLD_STATEMENTS.insertKey('csk_old1', first.publicKey, 'qredo-partner'))
        expect(await partner(first.privateKey, 'csk_old1')).toBe('ok')
        await execute(store, OLD_STATEMENTS.rotatePublic('csk_old1', second.publicKey))
        service.source.forget('csk_old1')
        expect([await partner(first.privateKey, 'csk_old1'), await partner(second.privateKey, 'csk_old1')]).toEqual(['bad-signature', 'ok'])
        // The same with one that this version made.
        const ours = await service.keys.create(ACTOR, 'acme', { name: 'Ours', scheme: 'qredo-partner', publicKey: first.publicKey })
        await execute(store, OLD_STATEMENTS.rotatePublic(ours.key.id, second.publicKey))
        service.source.forget(ours.key.id)
        expect([await partner(first.privateKey, ours.key.id), await partner(second.privateKey, ours.key.id)]).toEqual([
          'bad-signature',
          'ok',
        ])
        expect((await service.keys.get('acme', ours.key.id)).publicKeys).toHaveLength(1)
        // This version rotates it on, with the overlap that it promises.
        await service.keys.rotate(ACTOR, 'acme', ours.key.id, { publicKey: first.publicKey })
        expect([await partner(first.privateKey, ours.key.id), await partner(second.privateKey, ours.key.id)]).toEqual(['ok', 'ok'])
        // During the overlap, the older version puts the one back that ends: the newest is replaced by that.
        await execute(store, OLD_STATEMENTS.rotatePublic(ours.key.id, second.publicKey))
        service.source.forget(ours.key.id)
        expect([await partner(first.privateKey, ours.key.id), await partner(second.privateKey, ours.key.id)]).toEqual([
          'bad-signature',
          'ok',
        ])
        // A secret that is in use where the older version serves is not given up as one that nobody has used.
        const rotated = await service.keys.create(ACTOR, 'acme', { name: 'Rotated' })
        const newer = await service.keys.rotate(ACTOR, 'acme', rotated.key.id, {})
        await execute(store, OLD_STATEMENTS.use(rotated.key.id, made.at + 120_000))
        await expect(service.keys.rotate(ACTOR, 'acme', rotated.key.id, {})).rejects.toMatchObject({ code: 'rotation-running' })
        expect(await call(service, made, { what: '', id: rotated.key.id, scheme: 'qredo-v1', secret: newer.secret ?? '' })).toBe('ok')
        // Secrets, states, administrators, organisations.
        const { key } = await service.keys.create(ACTOR, 'acme', { name: 'Sealed' })
        const sealed = await service.database.db
          .selectFrom('key_secret')
          .select('sealed')
          .where('key_id', '=', key.id)
          .executeTakeFirstOrThrow()
        await execute(store, OLD_STATEMENTS.insertKey('csk_old2', '', 'qredo-v1'))
        await execute(store, OLD_STATEMENTS.insertSecret('csk_old2', sealed.sealed))
        await execute(store, OLD_STATEMENTS.revoke(key.id))
        await execute(store, OLD_STATEMENTS.insertAdministrator)
        await execute(store, OLD_STATEMENTS.insertOrganisation)
        expect(await service.keys.get('acme', 'csk_old2')).toMatchObject({ secrets: [{ lastUsedAt: null }] })
        expect(await service.keys.get('acme', key.id)).toMatchObject({ state: 'revoked' })
        expect(await service.administrators.organisations(undefined)).toEqual(
          expect.arrayContaining([expect.objectContaining({ id: 'old-org' })]),
        )
        expect(await service.audit.verify()).toMatchObject({ entries: 19 })
      })
    })

    it.each(['server', 'reading'])('of a newer version is refused by a %s start, and left as it is', async kind => {
      const { made, where } = await place('0002')
      await (await openKeyService(where)).close()
      await execute(where.store, "insert into kysely_migration values ('9999-later', '2030-01-01T00:00:00.000Z')")
      await expect(openKeyService({ ...where, mustExist: kind === 'reading' })).rejects.toMatchObject({
        code: 'store-newer',
        message: expect.stringContaining('9999-later') as unknown,
      })
      await execute(where.store, "delete from kysely_migration where name = '9999-later'")
      const service = await openKeyService({ ...where, clock: () => made.at + 60_000 })
      const [plain] = made.keys
      expect(plain === undefined ? '' : await call(service, made, plain)).toBe('ok')
      expect(await service.audit.verify()).toMatchObject({ entries: 14 })
      await service.close()
    })

    it('that another program made, with steps of its own, is refused, and left as it is', async () => {
      const { where } = await place('0002')
      await execute(where.store, "insert into kysely_migration values ('20260101-users', '2026-01-01T00:00:00.000Z')")
      await expect(openKeyService(where)).rejects.toMatchObject({ code: 'store-foreign' })
    })
  })
}
