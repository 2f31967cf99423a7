import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner, createVerifier } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { expect, it } from 'vitest'
import { openKeyService } from '../src/index.ts'
import { placeText } from '../src/store.ts'
import { hasPostgres, startPostgres } from './postgres.ts'

const ACTOR = { name: 'test', address: '' }
const ORIGIN = 'https://api.example.com'
const masterKey = Buffer.alloc(32, 5).toString('base64')

it.skipIf(!hasPostgres)(
  'a dump of PostgreSQL under load, restored elsewhere, has every key that was acknowledged before it, and a whole chain (needs PostgreSQL)',
  { timeout: 120_000 },
  async () => {
    const postgres = await startPostgres()
    const folder = mkdtempSync(join(tmpdir(), 'countersign-dump-'))
    const file = join(folder, 'keys.dump')
    try {
      const [from, to] = [await postgres.newDatabase(), await postgres.newDatabase()]
      const service = await openKeyService({ store: from, masterKey })
      await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
      const acknowledged: { keyId: string; secret: string }[] = []
      let isOver = false
      const load = Array.from({ length: 3 }, async () => {
        for (let count = 0; !isOver; count++) {
          const { key, secret } = await service.keys.create(ACTOR, 'acme', { name: 'k' })
          // One in three is rotated: the new secret is the one that was acknowledged last.
          const turned = count % 3 === 0 ? await service.keys.rotate(ACTOR, 'acme', key.id, {}) : undefined
          acknowledged.push({ keyId: key.id, secret: turned?.secret ?? secret ?? '' })
        }
      })
      await expect.poll(() => acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(20)
      const before = [...acknowledged]
      const head = placeText(await service.audit.head())
      await postgres.backUp(from, file)
      const during = acknowledged.length - before.length
      isOver = true
      await Promise.all(load)
      await service.close()

      // Changes went on meanwhile.
      expect(during).toBeGreaterThan(0)
      postgres.restore(file, to)
      const restored = await openKeyService({ store: to, masterKey, mustExist: true })
      const verifier = createVerifier(qredoV1, { origin: ORIGIN, keys: restored.source, replay: 'off' })
      for (const key of before) {
        const { headers } = createSigner(qredoV1, key).sign({ method: 'GET', url: `${ORIGIN}/` })
        expect((await verifier.verify({ method: 'GET', target: '/', headers })).ok).toBe(true)
      }
      expect(await restored.audit.verify(head)).toMatchObject({ broken: undefined })
      await restored.keys.create(ACTOR, 'acme', { name: 'after' })
      await restored.close()
    } finally {
      await postgres.close()
      rmSync(folder, { recursive: true })
    }
  },
)
