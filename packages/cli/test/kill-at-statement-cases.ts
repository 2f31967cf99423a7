import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createSigner, createVerifier } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMasterKeyFile, ensureOrganisation, type KeyService, openKeyService } from '../../server/src/index.ts'
import type { Backend } from '../../server/test/stores.ts'

const program = fileURLToPath(new URL('kill-at-statement.js', import.meta.url))
const ACTOR = { name: 'test', address: '' }
const ORIGIN = 'https://api.example.com'
/** More than any change takes. */
const MOST = 60

/** What is left of a change that is broken off at each of its statements, on either database. */
export function describeKilledChanges(backend: Backend): void {
  describe.skipIf(!backend.isHere)(`a change of a key on ${backend.title}, killed at each of its statements`, () => {
    let where: Awaited<ReturnType<Backend['newStore']>>
    let service: KeyService
    beforeAll(async () => {
      await backend.begin()
      where = await backend.newStore()
      createMasterKeyFile(where.masterKeyFile)
      service = await openKeyService(where)
      await ensureOrganisation(service)
    }, 60_000)
    afterAll(async () => {
      await service?.close()
      await backend.end()
    })

    /** @returns what was acknowledged, and whether it was killed */
    function change(work: 'create' | 'rotate', id: string, statement: number, when: 'before' | 'after') {
      const args = [program, where.store, where.masterKeyFile, work, id, String(statement), when]
      const { stdout, stderr, signal, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
      if (signal !== 'SIGKILL' && status !== 0) throw new Error(stderr)
      return { isKilled: signal === 'SIGKILL', shown: stdout === '' ? undefined : (JSON.parse(stdout) as { id: string; secret: string }) }
    }

    async function holds(keyId: string, secret: string): Promise<boolean> {
      service.source.forget(keyId)
      const { headers } = createSigner(qredoV1, { keyId, secret }).sign({ method: 'GET', url: `${ORIGIN}/` })
      const verifier = createVerifier(qredoV1, { origin: ORIGIN, keys: service.source, replay: 'off' })
      return (await verifier.verify({ method: 'GET', target: '/', headers })).ok
    }

    async function logged(action: string, id: string): Promise<number> {
      const entries = await service.database.db.selectFrom('audit').select('subject').where('action', '=', action).execute()
      return entries.filter(({ subject }) => subject === id).length
    }

    it.each(['before', 'after'] as const)(
      'create, %s each: the key is there with its entry, or there is nothing of it',
      { timeout: 180_000 },
      async when => {
        let [killed, made] = [0, 0]
        for (let statement = 1; statement < MOST; statement++) {
          const name = `create ${when} ${statement}`
          const { isKilled, shown } = change('create', name, statement, when)
          const { keys } = await service.keys.list('default', { search: name, limit: 5 })
          const own = keys.filter(key => key.name === name)
          if (shown !== undefined) {
            expect(own.map(({ id }) => id)).toEqual([shown.id])
            expect(await holds(shown.id, shown.secret)).toBe(true)
          }
          for (const { id, secrets } of own) expect([secrets.length, await logged('key.create', id)]).toEqual([1, 1])
          if (own.length > 0) made++
          expect(await service.audit.verify()).toMatchObject({ broken: undefined })
          if (!isKilled) {
            // Of those that were killed, the ones after the commit alone left a key.
            expect(killed).toBeGreaterThan(5)
            expect(made).toBeLessThan(killed)
            return
          }
          killed++
        }
        throw new Error('It was killed each time.')
      },
    )

    it.each(['before', 'after'] as const)(
      'rotate, %s each: the old secret holds, and the new one as soon as it counts',
      { timeout: 180_000 },
      async when => {
        let killed = 0
        for (let statement = 1; statement < MOST; statement++) {
          const { key, secret } = await service.keys.create(ACTOR, 'default', { name: `rotate ${when} ${statement}` })
          const { isKilled, shown } = change('rotate', key.id, statement, when)
          expect(await holds(key.id, secret ?? '')).toBe(true)
          if (shown !== undefined) expect(await holds(key.id, shown.secret)).toBe(true)
          const { secrets } = await service.keys.get('default', key.id)
          expect(await logged('key.rotate', key.id)).toBe(secrets.length - 1)
          expect(await service.audit.verify()).toMatchObject({ broken: undefined })
          if (!isKilled) {
            expect(secrets).toHaveLength(2)
            return expect(killed).toBeGreaterThan(5)
          }
          killed++
        }
        throw new Error('It was killed each time.')
      },
    )
  })
}
