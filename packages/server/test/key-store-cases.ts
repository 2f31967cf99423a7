import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSigner, createVerifier, type Scheme } from 'countersign'
import { qredoV1, rfc9421, SCHEMES } from 'countersign/schemes'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { listAudit } from '../src/audit/audit-log.ts'
import {
  checkKeyId,
  createMasterKeyFile,
  createSealer,
  type KeyService,
  masterKeysOfFile,
  migrationReport,
  openKeyService,
  principalOf,
  rotateMasterKey,
  type ServiceOptions,
  type ShownKey,
} from '../src/index.ts'
import { resealAll } from '../src/rotation/reseal.ts'
import { CATALOGUE } from './catalogue.ts'
import type { Backend } from './stores.ts'

const ALICE = { name: 'admin:alice', address: '203.0.113.7' }
const ORIGIN = 'https://api.example.com'

/** What the key store does, on either database. */
export function describeKeyStore(backend: Backend): void {
  describe.skipIf(!backend.isHere)(`the key store on ${backend.title}`, () => {
    let now = Date.now()
    let where: { store: string; masterKeyFile: string }
    let service: KeyService
    const opened: KeyService[] = []

    async function open(options: Partial<ServiceOptions> = {}): Promise<KeyService> {
      if (!existsSync(where.masterKeyFile)) createMasterKeyFile(where.masterKeyFile)
      const own = await openKeyService({ ...where, clock: () => now, flushMs: 3_600_000, ...options })
      opened.push(own)
      return own
    }

    async function fresh(options: Partial<ServiceOptions> = {}): Promise<KeyService> {
      where = await backend.newStore()
      service = await open(options)
      for (const id of ['acme', 'umbrella']) await service.administrators.createOrganisation(ALICE, { id, name: id, kind: 'organisation' })
      return service
    }

    /** What a verifier says of a request that is signed now. */
    async function verify(
      id: string,
      secret: string,
      {
        scheme = qredoV1,
        on = service,
        address,
        permission,
      }: { scheme?: Scheme; on?: KeyService; address?: string; permission?: string } = {},
    ) {
      const verifier = createVerifier(scheme, { origin: ORIGIN, keys: on.source.ofScheme(scheme.name), replay: 'off', clock: () => now })
      const { headers } = createSigner(scheme, { keyId: id, secret }, { clock: () => now }).sign({
        method: 'GET',
        url: `${ORIGIN}/balance`,
      })
      const result = await verifier.verify({ method: 'GET', target: '/balance', headers, address }, { permission })
      if (!result.ok) return result.failure.code
      on.used(result.key, result)
      return 'ok'
    }

    beforeAll(() => backend.begin(), 60_000)
    afterEach(async () => {
      now = Date.now()
      await Promise.all(opened.splice(0).map(own => own.close()))
    })
    afterAll(() => backend.end())
    it('makes a key whose secret is shown once, and signs what a verifier accepts', async () => {
      const { keys } = await fresh()
      const { key, secret } = await keys.create(ALICE, 'acme', {
        name: 'Trading',
        permissions: ['balance'],
        fundId: 'f1',
        labels: { team: 'desk' },
      })
      expect(checkKeyId(key.id)).toBe('ok')
      expect(checkKeyId(key.id.replace(/.$/, last => (last === 'a' ? 'b' : 'a')))).toBe('mistyped')
      expect(Buffer.from(secret ?? '', 'base64')).toHaveLength(60)
      expect(JSON.stringify(await keys.get('acme', key.id))).not.toContain(secret)
      expect(await keys.get('acme', key.id)).toEqual(key)
      expect(key).toMatchObject({
        state: 'active',
        fundId: 'f1',
        labels: { team: 'desk' },
        lastUsedAt: null,
        secrets: [{ expiresAt: null }],
      })
      expect(await verify(key.id, secret ?? '')).toBe('ok')
      expect(await verify(key.id, secret ?? '', { permission: 'balance' })).toBe('ok')
      expect(await verify(key.id, secret ?? '', { permission: 'web3' })).toBe('permission-denied')
      expect(principalOf((await service.source.find(key.id)) as never)).toMatchObject({ organisationId: 'acme', fundId: 'f1' })
    })

    it('makes keys for every scheme, in the form that its users expect', async () => {
      const { keys, source } = await fresh()
      for (const scheme of SCHEMES) {
        const publicKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }).toString()
        const given = { name: scheme.name, scheme: scheme.name, ...(scheme.keys === 'key-pair' ? { publicKey } : {}) }
        const { key, secret, passphrase } = await keys.create(ALICE, 'acme', given)
        expect(secret === null).toBe(scheme.keys === 'key-pair')
        expect(passphrase === null).toBe(!scheme.hasPassphrase)
        const found = await source.ofScheme(scheme.name).find(key.id)
        expect(found?.schemeName).toBe(scheme.name)
        expect(await source.ofScheme('another').find(key.id)).toBeUndefined()
      }
      await expect(keys.create(ALICE, 'acme', { name: 'x', scheme: 'qredo-partner' })).rejects.toMatchObject({
        code: 'credential-missing',
        status: 400,
      })
      await expect(keys.create(ALICE, 'acme', { name: 'x', scheme: 'none' })).rejects.toMatchObject({ code: 'scheme-unknown', status: 400 })
    }, 60_000)

    it('lists the newest first, in pages that the cursor leads through, and searches', async () => {
      const { keys } = await fresh()
      const ids: string[] = []
      for (let count = 0; count < 25; count++) {
        now += count % 3
        ids.push((await keys.create(ALICE, 'acme', { name: `Key ${count}%`, labels: { number: `no. ${count}` } })).key.id)
      }
      await keys.create(ALICE, 'umbrella', { name: 'Other' })
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await keys.list('acme', { limit: 7, cursor })
        expect(page.keys.length).toBeLessThanOrEqual(7)
        seen.push(...page.keys.map(({ id }) => id))
        cursor = page.next ?? undefined
      } while (cursor !== undefined)
      expect([...seen].sort()).toEqual([...ids].sort())
      expect((await keys.list('acme', { limit: 50, search: 'KEY 1' })).keys).toHaveLength(11)
      expect((await keys.list('acme', { limit: 50, search: 'no. 24' })).keys).toHaveLength(1)
      expect((await keys.list('acme', { limit: 50, search: '4%' })).keys.map(({ name }) => name).sort()).toEqual([
        'Key 14%',
        'Key 24%',
        'Key 4%',
      ])
      expect((await keys.list('acme', { limit: 50, search: ids[3] })).keys).toHaveLength(1)
      await keys.setState(ALICE, 'acme', ids[0] ?? '', 'disabled')
      await keys.update(ALICE, 'acme', ids[1] ?? '', { expiresAt: new Date(now + 1).toISOString() })
      now += 1
      expect((await keys.list('acme', { limit: 50, state: 'disabled' })).keys.map(({ id }) => id)).toEqual([ids[0]])
      expect((await keys.list('acme', { limit: 50, state: 'expired' })).keys.map(({ id }) => id)).toEqual([ids[1]])
      expect((await keys.list('acme', { limit: 50, state: 'active' })).keys).toHaveLength(23)
      expect((await keys.list(undefined, { limit: 50 })).keys).toHaveLength(26)
      await expect(keys.list('acme', { limit: 5, cursor: 'nonsense' })).rejects.toMatchObject({ code: 'cursor-malformed', status: 400 })
    })

    it('rotates with an overlap in which both secrets are good', async () => {
      const { keys } = await fresh()
      const { key, secret: old } = await keys.create(ALICE, 'acme', { name: 'r' })
      const { secret, key: rotated } = await keys.rotate(ALICE, 'acme', key.id, { overlapSeconds: 60 })
      expect(rotated.secrets).toHaveLength(2)
      expect([await verify(key.id, old ?? ''), await verify(key.id, secret ?? '')]).toEqual(['ok', 'ok'])
      // Both are in use.
      await service.lastUsed.flush()
      await expect(keys.rotate(ALICE, 'acme', key.id, {})).rejects.toMatchObject({ code: 'rotation-running', status: 409 })
      now += 60_000
      expect([await verify(key.id, old ?? ''), await verify(key.id, secret ?? '')]).toEqual(['bad-signature', 'ok'])
      const { secret: last } = await keys.rotate(ALICE, 'acme', key.id, { overlapSeconds: 0 })
      expect([await verify(key.id, secret ?? ''), await verify(key.id, last ?? '')]).toEqual(['bad-signature', 'ok'])
      expect((await keys.get('acme', key.id)).secrets).toHaveLength(1)
    })

    it('disables, enables and revokes; what is revoked stays so', async () => {
      const { keys } = await fresh()
      const { key, secret } = await keys.create(ALICE, 'acme', { name: 'r' })
      await keys.setState(ALICE, 'acme', key.id, 'disabled')
      expect(await verify(key.id, secret ?? '')).toBe('key-disabled')
      await keys.setState(ALICE, 'acme', key.id, 'active')
      expect(await verify(key.id, secret ?? '')).toBe('ok')
      await keys.setState(ALICE, 'acme', key.id, 'revoked')
      expect(await verify(key.id, secret ?? '')).toBe('key-revoked')
      // To whom does not have the secret, it is like any other key.
      expect(await verify(key.id, randomBytes(32).toString('base64'))).toBe('bad-signature')
      for (const again of [
        () => keys.setState(ALICE, 'acme', key.id, 'active'),
        () => keys.rotate(ALICE, 'acme', key.id, {}),
        () => keys.update(ALICE, 'acme', key.id, { name: 'x' }),
      ])
        await expect(again()).rejects.toMatchObject({ code: 'key-revoked', status: 409 })
    })

    it('grants permissions of any well-formed name where there is no list of them', async () => {
      const { keys } = await fresh()
      const made = (name: string) => keys.create(ALICE, 'acme', { name: 'r', permissions: [name] })
      for (const name of ['orders:read', 'Orders/7', 'a.b_c-d']) expect((await made(name)).key.permissions).toEqual([name])
      for (const name of ['a,b', 'a b', '-a', 'ä', 'a'.repeat(101)])
        await expect(made(name)).rejects.toMatchObject({ code: 'permission-malformed' })
    })

    it('changes what a key may do, from where and how long', async () => {
      const { keys } = await fresh({ permissions: CATALOGUE })
      const { key, secret } = await keys.create(ALICE, 'acme', { name: 'r', permissions: ['web3'] })
      const sent = (options = {}) => verify(key.id, secret ?? '', options)
      await keys.update(ALICE, 'acme', key.id, { permissions: ['balance', 'read_only'], addresses: ['10.0.0.0/8', '2001:db8::/32'] })
      expect(await sent({ address: '10.1.2.3', permission: 'balance' })).toBe('ok')
      expect(await sent({ address: '2001:db8::7', permission: 'web3' })).toBe('permission-denied')
      expect(await sent({ address: '192.0.2.1' })).toBe('address-not-allowed')
      await keys.update(ALICE, 'acme', key.id, { addresses: [], expiresAt: new Date(now + 5000).toISOString() })
      expect(await sent({ address: '192.0.2.1' })).toBe('ok')
      now += 5000
      expect(await sent()).toBe('key-expired')
      expect((await keys.get('acme', key.id)).state).toBe('expired')
      await expect(keys.update(ALICE, 'acme', key.id, { permissions: ['root'] })).rejects.toMatchObject({
        code: 'permission-unknown',
        status: 400,
      })
      await expect(keys.update(ALICE, 'acme', key.id, { addresses: ['10.0.0.0/99'] })).rejects.toMatchObject({
        code: 'option-invalid',
        status: 400,
      })
      await expect(keys.rotate(ALICE, 'acme', key.id, { publicKey: 'x' })).rejects.toMatchObject({ code: 'public-key-unwanted' })
    })

    it('takes over keys from elsewhere, with their ids and secrets', async () => {
      const { keys } = await fresh()
      const secret = randomBytes(32).toString('base64url')
      const shown = await keys.import(ALICE, 'acme', { id: '9OgjbzwhoE4LJA', name: 'old', secret })
      expect(shown).toMatchObject({ secret: null, warnings: [], key: { imported: true } })
      expect(await verify('9OgjbzwhoE4LJA', secret)).toBe('ok')
      await expect(keys.import(ALICE, 'umbrella', { id: '9OgjbzwhoE4LJA', name: 'again', secret })).rejects.toMatchObject({
        code: 'key-exists',
        status: 409,
      })
      const short = Buffer.from('short').toString('base64')
      await expect(keys.import(ALICE, 'acme', { id: 's', name: 's', secret: short })).rejects.toMatchObject({
        code: 'secret-too-short',
        status: 400,
      })
      const warned = await keys.import(ALICE, 'acme', { id: 's', name: 's', secret: short, allowShortSecret: true })
      expect(warned.warnings.join()).toContain('5 bytes')
      expect((await service.source.find('s'))?.id).toBe('s')
    })

    it('keeps organisations apart', async () => {
      const { keys } = await fresh()
      const { key } = await keys.create(ALICE, 'acme', { name: 'r' })
      const within = 'umbrella'
      for (const call of [
        () => keys.get(within, key.id),
        () => keys.update(ALICE, within, key.id, { name: 'mine' }),
        () => keys.rotate(ALICE, within, key.id, {}),
        () => keys.setState(ALICE, within, key.id, 'revoked'),
      ])
        await expect(call()).rejects.toMatchObject({ code: 'key-unknown', status: 404 })
      expect((await keys.list(within, { limit: 50 })).keys).toEqual([])
      expect(await keys.get('acme', key.id)).toEqual(key)
      await expect(keys.create(ALICE, 'nobody', { name: 'x' })).rejects.toMatchObject({ code: 'organisation-unknown' })
    })

    it('writes down every change in a chain that shows what was tampered with', async () => {
      const { keys, database } = await fresh()
      const { key } = await keys.create(ALICE, 'acme', { name: 'r' })
      await keys.rotate(ALICE, 'acme', key.id, {})
      await keys.setState(ALICE, 'acme', key.id, 'revoked')
      await expect(keys.setState(ALICE, 'acme', key.id, 'active')).rejects.toThrow()
      const entries = await listAudit(database.db, { subject: key.id, limit: 10 })
      expect(entries.map(({ action }) => action)).toEqual(['key.revoke', 'key.rotate', 'key.create'])
      expect(entries[0]).toMatchObject({ actor: 'admin:alice', address: '203.0.113.7', organisationId: 'acme' })
      expect(await service.audit.verify()).toMatchObject({ entries: 5, broken: undefined, head: entries[0]?.hash })
      await database.db.updateTable('audit').set({ actor: 'admin:mallory' }).where('sequence', '=', 3).execute()
      expect((await service.audit.verify()).broken).toMatchObject({ sequence: 3 })
      await database.db.updateTable('audit').set({ actor: 'admin:alice' }).where('sequence', '=', 3).execute()
      expect((await service.audit.verify()).broken).toBeUndefined()
      await database.db.deleteFrom('audit').where('sequence', '=', 5).execute()
      expect((await service.audit.verify()).broken).toMatchObject({ sequence: 5 })
      await database.db.deleteFrom('audit').where('sequence', '=', 3).execute()
      expect((await service.audit.verify()).broken).toMatchObject({ sequence: 3 })
    })

    it('has no secret in clear, whatever is dumped', async () => {
      const { keys, database } = await fresh()
      const told: string[] = []
      const remember = (text: string | null): void => void told.push(text ?? '')
      for (const scheme of ['qredo-v1', 'stripe', 'kucoin', 'bybit']) {
        const { key, secret, passphrase } = await keys.create(ALICE, 'acme', { name: scheme, scheme })
        remember(secret)
        if (passphrase !== null) remember(passphrase)
        remember((await keys.rotate(ALICE, 'acme', key.id, {})).secret)
      }
      remember((await service.administrators.bootstrap(ALICE))?.token ?? '')
      expect(told).toHaveLength(10)
      if (database.kind === 'sqlite')
        await database.db.executeQuery({ sql: 'pragma wal_checkpoint', parameters: [], query: { kind: 'RawNode' } } as never)
      const text = backend.dump(where.store)
      expect(text).toContain('qredo-v1')
      for (const secret of told) {
        expect(secret.length).toBeGreaterThan(16)
        for (const form of [
          secret,
          Buffer.from(secret, 'base64').toString('hex'),
          Buffer.from(secret, 'base64').toString('base64url'),
          Buffer.from(secret).toString('hex'),
        ])
          expect(text.includes(form)).toBe(false)
      }
    })

    it('refuses to start without its master key, or with another', async () => {
      await fresh()
      await service.close()
      opened.length = 0
      const right = readFileSync(where.masterKeyFile, 'utf8')
      expect(statSync(where.masterKeyFile).mode & 0o777).toBe(0o600)
      rmSync(where.masterKeyFile)
      const start = () => openKeyService({ ...where, clock: () => now })
      await expect(start()).rejects.toMatchObject({ code: 'master-key-missing', message: expect.stringContaining(where.masterKeyFile) })
      createMasterKeyFile(where.masterKeyFile)
      await expect(start()).rejects.toMatchObject({ code: 'master-key-wrong' })
      writeFileSync(where.masterKeyFile, 'too short\n')
      await expect(start()).rejects.toMatchObject({ code: 'master-key-malformed' })
      await expect(openKeyService({ ...where, masterKey: randomBytes(32).toString('base64') })).rejects.toMatchObject({
        code: 'master-key-wrong',
      })
      service = await openKeyService({ ...where, masterKey: right })
      opened.push(service)
    })

    it('opens a secret for no other key than its own', async () => {
      const { keys, database } = await fresh()
      const [one, two] = [await keys.create(ALICE, 'acme', { name: '1' }), await keys.create(ALICE, 'acme', { name: '2' })]
      const { sealed } = await database.db
        .selectFrom('key_secret')
        .select('sealed')
        .where('key_id', '=', one.key.id)
        .executeTakeFirstOrThrow()
      await database.db.updateTable('key_secret').set({ sealed }).where('key_id', '=', two.key.id).execute()
      await expect(keys.open(two.key.id)).rejects.toMatchObject({ code: 'sealed-value-damaged' })
      expect(await verify(two.key.id, one.secret ?? '')).toBe('key-source-unavailable')
    })

    it('seals everything anew under a new master key, while it works; broken off, it goes on', async () => {
      const { keys, database } = await fresh()
      const made: ShownKey[] = []
      for (let count = 0; count < 12; count++)
        made.push(await keys.create(ALICE, 'acme', { name: `${count}`, scheme: count % 2 === 0 ? 'qredo-v1' : 'kucoin' }))
      const before = readFileSync(where.masterKeyFile, 'utf8').trim()
      // Broken off in the middle: the first piece was written, then the process died.
      await expect(
        rotateMasterKey(database, where.masterKeyFile, ALICE, {
          onProgress: () => {
            throw new Error('killed')
          },
        }),
      ).rejects.toThrow('killed')
      expect(readFileSync(where.masterKeyFile, 'utf8').trim().split('\n')).toHaveLength(2)
      const check = async (): Promise<void> => {
        for (const { key, secret } of made.filter(({ key: { scheme } }) => scheme === 'qredo-v1')) {
          service.source.forget(key.id)
          expect(await verify(key.id, secret ?? '')).toBe('ok')
        }
      }
      await check()
      made.push(await keys.create(ALICE, 'acme', { name: 'meanwhile' }))
      const report = await rotateMasterKey(database, where.masterKeyFile, ALICE)
      expect(report).toMatchObject({ resumed: true })
      const after = readFileSync(where.masterKeyFile, 'utf8').trim()
      expect(after.split('\n')).toHaveLength(1)
      expect(after).not.toBe(before)
      expect(statSync(where.masterKeyFile).mode & 0o777).toBe(0o600)
      await check()
      for (const { key } of made) expect(await keys.open(key.id)).toBeDefined()
      expect(await resealAll(database.db, createSealer(await masterKeysOfFile(where.masterKeyFile)))).toBe(0)
      service = await open()
      await check()
    })

    it('writes last use and refusals in batches, with samples and no more of a stranger than a count', async () => {
      const { keys, lastUsed, refusals, database } = await fresh()
      const { key, secret } = await keys.create(ALICE, 'acme', { name: 'r' })
      const found = await service.source.find(key.id)
      if (found === undefined) throw new Error('not found')
      for (let count = 0; count < 50; count++) service.used(found)
      await lastUsed.flush()
      expect((await keys.get('acme', key.id)).lastUsedAt).toBe(new Date(now).toISOString())
      const firstAt = now
      now += 60_000
      service.used(found)
      service.used(found, { via: 'qredo-v2' })
      lastUsed.used('nobody', 'qredo-v1')
      await lastUsed.flush()
      const at = new Date(now).toISOString()
      expect(await migrationReport(database.db, 'acme', { from: ['qredo-v1'], to: ['qredo-v2'], sinceMs: now })).toMatchObject({
        using: [
          {
            keyId: key.id,
            via: 'qredo-v1',
            count: 51,
            firstUsedAt: new Date(firstAt).toISOString(),
            lastUsedAt: at,
            successorLastUsedAt: at,
          },
        ],
        stopped: 0,
      })
      expect(await migrationReport(database.db, undefined, { from: ['qredo-v1'], to: [], sinceMs: now + 1 })).toEqual({
        using: [],
        stopped: 1,
      })
      expect((await migrationReport(database.db, 'other', { from: [], to: [], sinceMs: 0 })).using).toEqual([])
      now = firstAt
      const request = { method: 'GET', target: '/balance?secret=1', headers: {}, address: '198.51.100.1' }
      for (let count = 0; count < 500; count++) {
        refusals.refused({ failure: { code: 'bad-signature', keyId: key.id }, request })
        refusals.refused({ failure: { code: 'unknown-key', keyId: `stranger-${count}` }, request })
      }
      refusals.explained(key.id, { code: 'bad-signature', keyId: key.id }, [{ code: 'body-json-dumps', did: 'It …', fix: 'Sign …' }])
      await refusals.flush()
      const entries = (await listAudit(database.db, { limit: 10 })).filter(({ action }) => action === 'request.refused')
      expect(entries).toHaveLength(2)
      expect(entries.find(({ subject }) => subject === key.id)).toMatchObject({
        organisationId: 'acme',
        detail: { code: 'bad-signature', count: 500, samples: [{ path: '/balance' }, {}, {}], causes: [{ code: 'body-json-dumps' }] },
      })
      expect(entries.find(({ subject }) => subject === '')).toMatchObject({
        organisationId: '',
        detail: { code: 'unknown-key', count: 500 },
      })
      expect(JSON.stringify(entries)).not.toMatch(/stranger|secret/)
      expect(await service.audit.verify()).toMatchObject({ broken: undefined })
      expect(await verify(key.id, secret ?? '')).toBe('ok')
    })

    it.each([2, 100, 100_000])('shows when a key was used last, where a process whose clock was %d days ahead has used it', async days => {
      const { keys, lastUsed } = await fresh()
      const wrong = await open({ clock: () => now + days * 86_400_000 })
      const { key, secret } = await keys.create(ALICE, 'acme', { name: 'r' })
      const found = await wrong.source.find(key.id)
      if (found === undefined) throw new Error('not found')
      wrong.used(found, { credential: 0 })
      await wrong.lastUsed.flush()
      // Two that write at the same time within one process wait for each other on SQLite.
      await wrong.days.flush()
      now += 1000
      expect(await verify(key.id, secret ?? '')).toBe('ok')
      await lastUsed.flush()
      const at = new Date(now).toISOString()
      expect(await keys.get('acme', key.id)).toMatchObject({ lastUsedAt: at, secrets: [{ lastUsedAt: at }] })
      const { using } = await migrationReport(service.database.db, 'acme', { from: ['qredo-v1'], to: [], sinceMs: now })
      expect(using).toMatchObject([{ count: 2, lastUsedAt: at }])
      // A process that is a moment behind takes nothing back.
      now -= 2000
      expect(await verify(key.id, secret ?? '')).toBe('ok')
      await lastUsed.flush()
      expect(await keys.get('acme', key.id)).toMatchObject({ lastUsedAt: at, secrets: [{ lastUsedAt: at }] })
    })

    it('tells another process of a change', async () => {
      await fresh({ clock: Date.now })
      const other = await open({ clock: Date.now })
      const { key, secret } = await service.keys.create(ALICE, 'acme', { name: 'r', permissions: [] })
      const until = async (wanted: string, permission?: string): Promise<void> => {
        for (;;) {
          now = Date.now()
          if ((await verify(key.id, secret ?? '', { on: other, ...(permission === undefined ? {} : { permission }) })) === wanted) return
          await sleep(2)
        }
      }
      await until('ok')
      await service.keys.update(ALICE, 'acme', key.id, { permissions: ['web3'] })
      await until('ok', 'web3')
      await service.keys.setState(ALICE, 'acme', key.id, 'revoked')
      await until('key-revoked')
    })

    it('has a key that it would not take any more for one that is not there, and reports it', async () => {
      const errors: unknown[] = []
      const { keys, database } = await fresh({ onError: error => errors.push(error) })
      const pem = (publicExponent: number): string =>
        generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent }).publicKey.export({ type: 'spki', format: 'pem' }).toString()
      const { key } = await keys.create(ALICE, 'acme', { name: 'old', scheme: 'rfc9421', publicKey: pem(65_537) })
      const weak = pem(3)
      await database.db.updateTable('key_public').set({ pem: weak }).where('key_id', '=', key.id).execute()
      await database.db.updateTable('api_key').set({ public_key: weak }).where('id', '=', key.id).execute()
      service.source.forget(key.id)
      expect(await service.source.find(key.id)).toBe(undefined)
      expect(errors[0]).toMatchObject({ code: 'key-unusable', message: expect.stringContaining(key.id) })
    })

    it('takes the public key of an RSA, an ECDSA or an Ed25519 pair for the schemes that have them', async () => {
      const { keys } = await fresh()
      const pairs = {
        rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
        ecdsa: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
        ed25519: generateKeyPairSync('ed25519'),
      }
      for (const [name, { publicKey, privateKey }] of Object.entries(pairs)) {
        const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
        const { key, secret } = await keys.create(ALICE, 'acme', { name, scheme: 'rfc9421', publicKey: pem })
        expect([secret, key.publicKey, key.secrets]).toEqual([null, pem, []])
        const signer = createSigner(
          rfc9421,
          { keyId: key.id, privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
          { clock: () => now },
        )
        const verifier = createVerifier(rfc9421, { origin: ORIGIN, keys: service.source, clock: () => now })
        const { headers } = signer.sign({ method: 'GET', url: `${ORIGIN}/balance` })
        const result = await verifier.verify({ method: 'GET', target: '/balance', headers })
        expect([name, result.ok ? 'ok' : result.failure.code]).toEqual([name, 'ok'])
        await expect(keys.rotate(ALICE, 'acme', key.id, {})).rejects.toMatchObject({ code: 'public-key-missing' })
      }
      await expect(keys.create(ALICE, 'acme', { name: 'x', publicKey: 'x' })).rejects.toMatchObject({ code: 'public-key-unwanted' })
    })

    // A file is not away by itself; there is a unit test with a store that is.
    if (backend.name === 'PostgreSQL')
      it('serves what it knows while PostgreSQL is away, refuses the rest, and follows changes again when it is back', async () => {
        await fresh({ clock: Date.now, cache: { maxAgeMs: 50, graceMs: 60_000 } })
        const { keys } = service
        const [known, other] = [await keys.create(ALICE, 'acme', { name: 'known' }), await keys.create(ALICE, 'acme', { name: 'other' })]
        // The change feed has told of both by then. What it tells of later is forgotten, and could not be asked for
        // again.
        await sleep(2_000)
        now = Date.now()
        expect(await verify(known.key.id, known.secret ?? '')).toBe('ok')
        backend.postgres?.stop()
        await sleep(100)
        now = Date.now()
        expect(await verify(known.key.id, known.secret ?? '')).toBe('ok')
        expect(await verify(other.key.id, other.secret ?? '')).toBe('key-source-unavailable')
        const response = await (await service.loadAdminApp()).request('/admin/v1/keys', {
          headers: { authorization: `Bearer csa_${'x'.repeat(12)}_${'y'.repeat(43)}` },
        })
        expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
        await backend.postgres?.start()
        await expect.poll(() => verify(other.key.id, other.secret ?? ''), { timeout: 5000 }).toBe('ok')
        const another = await open({ clock: Date.now })
        await another.keys.setState(ALICE, 'acme', known.key.id, 'revoked')
        await expect.poll(() => verify(known.key.id, known.secret ?? ''), { timeout: 2000 }).toBe('key-revoked')
      }, 30_000)
  })
}
