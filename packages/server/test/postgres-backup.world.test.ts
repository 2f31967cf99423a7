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
    try {
      const [from, to] = [await postgres.newDatabase(), await postgres.newDatabase()]
      const service = await openKeyService({ store: from, masterKey })
      await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
      const acknowledged: { keyId: string; secret: string }[] = []
      let isOver = false
      const load = Array.from({ length: 3 }, async () => {
        while (!isOver) {
          const { key, secret } = await service.keys.create(ACTOR, 'acme', { name: 'k' })
          acknowledged.push({ keyId: key.id, secret: secret ?? '' })
        }
      })
      await expect.poll(() => acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(20)
      const before = [...acknowledged]
      const head = placeText(await service.audit.head())
      const text = postgres.dump(from)
      isOver = true
      await Promise.all(load)
      await service.close()

      postgres.restore(to, text)
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
    }
  },
)
