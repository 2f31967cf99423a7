import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openKeyService, rotateMasterKey } from '../src/index.ts'
import { createMasterKeyFile } from '../src/seal/master-keys.ts'

const ACTOR = { name: 'test', address: '' }
const folder = mkdtempSync(join(tmpdir(), 'countersign-wrong-key-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('a server whose master key file becomes another store’s seals nothing by it, and goes on with the right one', async () => {
  const store = join(folder, 'keys.db')
  const file = `${store}.master-key`
  const [right, wrong] = [join(folder, 'right'), join(folder, 'wrong')]
  const service = await openKeyService({ store })
  await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  copyFileSync(file, right)
  createMasterKeyFile(wrong)
  const create = () => service.keys.create(ACTOR, 'acme', { name: 'k' })
  await create()
  copyFileSync(wrong, file)
  await expect(create()).rejects.toMatchObject({ code: 'master-key-wrong' })
  expect((await service.keys.list('acme', { limit: 5 })).keys).toHaveLength(1)
  copyFileSync(right, file)
  const { key } = await create()
  expect(await service.source.find(key.id)).toBeDefined()
  // A rotation is no wrong key.
  await rotateMasterKey(service.database, file, ACTOR)
  const later = await create()
  expect(await service.source.find(later.key.id)).toBeDefined()
  await service.close()
})
