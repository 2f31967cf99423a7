import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { backUpStore, openKeyService, rotateMasterKey } from '../src/index.ts'
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

it('a backup of before a rotation opens with the old key that the rotation kept, and with no other', async () => {
  const [store, backup, old] = [join(folder, 'rotated.db'), join(folder, 'before.db'), join(folder, 'old-key')]
  const masterKeyFile = `${store}.master-key`
  const service = await openKeyService({ store })
  await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  const { key } = await service.keys.create(ACTOR, 'acme', { name: 'k' })
  await backUpStore(store, backup)
  const before = readFileSync(masterKeyFile, 'utf8')
  const { oldMasterKeyIds } = await rotateMasterKey(service.database, masterKeyFile, ACTOR, { keepOld: old })
  await service.close()
  expect(readFileSync(old, 'utf8')).toBe(before)
  expect(statSync(old).mode & 0o777).toBe(0o600)
  expect(oldMasterKeyIds).toHaveLength(1)
  await expect(openKeyService({ store: backup, masterKeyFile })).rejects.toMatchObject({
    code: 'master-key-wrong',
    message: expect.stringMatching(`with the master key ${oldMasterKeyIds[0]}, .*backup.*before a rotation`) as string,
  })
  const restored = await openKeyService({ store: backup, masterKeyFile: old })
  expect(await restored.source.find(key.id)).toBeDefined()
  await restored.close()
})

it('a rotation that can’t keep the old key changes nothing', async () => {
  const [store, there] = [join(folder, 'kept.db'), join(folder, 'there')]
  const masterKeyFile = `${store}.master-key`
  const service = await openKeyService({ store })
  writeFileSync(there, 'mine')
  const before = readFileSync(masterKeyFile, 'utf8')
  for (const keepOld of [there, join(folder, 'no folder', 'old')])
    await expect(rotateMasterKey(service.database, masterKeyFile, ACTOR, { keepOld })).rejects.toMatchObject({ code: 'file-unwritable' })
  await service.close()
  expect(readFileSync(masterKeyFile, 'utf8')).toBe(before)
  expect(readFileSync(there, 'utf8')).toBe('mine')
  expect(existsSync(join(folder, 'no folder'))).toBe(false)
})

it('a rotation that was broken off keeps the keys that it takes out, however often it is begun again', async () => {
  const [store, old] = [join(folder, 'resumed.db'), join(folder, 'resumed-old')]
  const masterKeyFile = `${store}.master-key`
  const service = await openKeyService({ store })
  const before = readFileSync(masterKeyFile, 'utf8')
  const next = join(folder, 'next')
  createMasterKeyFile(next)
  writeFileSync(masterKeyFile, readFileSync(next, 'utf8') + before)
  expect(await rotateMasterKey(service.database, masterKeyFile, ACTOR, { keepOld: old })).toMatchObject({ resumed: true })
  await service.close()
  expect(readFileSync(old, 'utf8')).toBe(before)
  expect(readFileSync(masterKeyFile, 'utf8')).toBe(readFileSync(next, 'utf8'))
})
