import { setTimeout as sleep } from 'node:timers/promises'
import { createSigner, createVerifier } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createMasterKeyFile, type KeyService, openKeyService, type ShownKey } from '../../server/src/index.ts'
import type { Backend } from '../../server/test/stores.ts'
import { type RunningKeyServer, startKeyServer } from './command.ts'

const CALLS = 200
/** One in so many calls is hit. */
const KILL_EVERY = 14

/** What the server acknowledged of a key. */
interface Known {
  readonly id: string
  secret: string
  rotated: boolean
  revoked: boolean
}

/** What is left of a key server that is killed, on either database. */
export function describeCrashes(backend: Backend): void {
  describe.skipIf(!backend.isHere)(`a key server on ${backend.title}`, () => {
    const running = new Set<RunningKeyServer>()
    const opened: KeyService[] = []
    beforeAll(() => backend.begin(), 60_000)
    afterEach(async () => {
      await Promise.all([...running].map(server => server.stop()))
      running.clear()
      await Promise.all(opened.splice(0).map(service => service.close()))
    })
    afterAll(() => backend.end())
    it('killed again and again, has every change that it acknowledged, none half done, and a whole log', { timeout: 120_000 }, async () => {
      const where = await backend.newStore()
      createMasterKeyFile(where.masterKeyFile)
      const args = ['--store', where.store, '--master-key-file', where.masterKeyFile]
      let server = await startKeyServer(args)
      const { token } = server
      const known: Known[] = []
      let killed = 0
      const call = async (path: string, body: object = {}): Promise<ShownKey | undefined> => {
        try {
          const response = await fetch(`${server.origin}/admin/v1/keys${path}`, {
            method: 'POST',
            headers: { authorization: `Bearer ${token}` },
            body: JSON.stringify(body),
          })
          const answer = (await response.json()) as ShownKey
          return response.ok ? answer : undefined
        } catch {
          return undefined
        }
      }
      for (let count = 0; count < CALLS; count++) {
        const isHit = count % KILL_EVERY === KILL_EVERY - 1
        const target = known.findLast(({ revoked, rotated }) => !revoked && (count % 3 === 2 || !rotated))
        const work =
          target === undefined || count % 3 === 0
            ? call('', { name: `key ${count}` }).then(shown => {
                if (shown !== undefined) known.push({ id: shown.key.id, secret: shown.secret ?? '', rotated: false, revoked: false })
              })
            : count % 3 === 1
              ? call(`/${target.id}/rotate`).then(shown => {
                  if (shown !== undefined) Object.assign(target, { secret: shown.secret, rotated: true })
                })
              : call(`/${target.id}/revoke`).then(shown => {
                  if (shown !== undefined) target.revoked = true
                })
        if (isHit) {
          await sleep(Math.random() * 12)
          await server.kill()
          killed++
        }
        await work
        if (isHit) server = await startKeyServer(args)
      }
      running.add(server)
      expect(killed).toBe(14)
      const service = await openKeyService(where)
      opened.push(service)
      const { keys } = await service.keys.list(undefined, { limit: 500 })
      const log = await service.database.db.selectFrom('audit').select(['action', 'subject']).execute()
      const logged = (action: string, id: string): number => log.filter(entry => entry.action === action && entry.subject === id).length
      const now = Date.now()
      for (const { id, secret, rotated, revoked } of known) {
        const key = keys.find(one => one.id === id)
        expect(key).toBeDefined()
        if (revoked) expect(key?.state).toBe('revoked')
        if (rotated) expect(key?.secrets).toHaveLength(2)
        // The acknowledged secret is the one that signs.
        const { headers } = createSigner(qredoV1, { keyId: id, secret }, { clock: () => now }).sign({
          method: 'GET',
          url: 'https://a.example/',
        })
        const verifier = createVerifier(qredoV1, { origin: 'https://a.example', keys: service.source, clock: () => now })
        const result = await verifier.verify({ method: 'GET', target: '/', headers })
        expect(result.ok ? 'ok' : result.failure.code).toBe(key?.state === 'revoked' ? 'key-revoked' : 'ok')
      }
      // Acknowledged or not: what is in the store is in the log, and the other way round.
      for (const { id, state, secrets } of keys) {
        expect([logged('key.create', id), logged('key.revoke', id), logged('key.rotate', id)]).toEqual([
          1,
          state === 'revoked' ? 1 : 0,
          secrets.length - 1,
        ])
      }
      expect(log.filter(({ action }) => action === 'key.create')).toHaveLength(keys.length)
      expect(known.length).toBeGreaterThan(40)
      expect(await service.audit.verify()).toMatchObject({ broken: undefined })
    })

    it('refuses on one process what was revoked on another', async () => {
      const where = await backend.newStore()
      createMasterKeyFile(where.masterKeyFile)
      const args = ['--store', where.store, '--master-key-file', where.masterKeyFile]
      const [one, two] = [await startKeyServer(args), await startKeyServer(args)]
      running.add(one)
      running.add(two)
      // The second one's first start finds an operator already there.
      expect([typeof one.token, two.token]).toEqual(['string', undefined])
      const headers = { authorization: `Bearer ${one.token}` }
      const made = await fetch(`${one.origin}/admin/v1/keys`, { method: 'POST', headers, body: '{"name":"x"}' })
      const { key } = (await made.json()) as ShownKey
      const service = await openKeyService(where)
      opened.push(service)
      expect((await service.source.find(key.id))?.state).toBe('active')
      await fetch(`${two.origin}/admin/v1/keys/${key.id}/revoke`, { method: 'POST', headers })
      await expect.poll(async () => (await service.source.find(key.id))?.state, { timeout: 1000, interval: 5 }).toBe('revoked')
    })
  })
}
