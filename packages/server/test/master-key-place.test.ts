import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { createMasterKeyFile } from '../src/seal/master-keys.ts'
import { besideStoreAdvice, openKeyService, type StoreLocation } from '../src/service.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-place-'))
afterAll(() => rmSync(folder, { recursive: true }))

const elsewhere = join(folder, 'keys', 'master-key')
mkdirSync(join(folder, 'keys'))
createMasterKeyFile(elsewhere)

it.each<[string, Omit<StoreLocation, 'store'>, boolean]>([
  ['by default', {}, true],
  ['where a file in its folder is named', { masterKeyFile: join(folder, 'named') }, true],
  ['not with a file elsewhere', { masterKeyFile: elsewhere }, false],
  ['not with a key from the environment', { masterKey: Buffer.alloc(32, 7).toString('base64') }, false],
])('a master key beside its store is told of: %s', async (what, location, isBeside) => {
  const store = join(folder, `${what.replaceAll(' ', '-')}.db`)
  if (location.masterKeyFile?.endsWith('named') === true) createMasterKeyFile(location.masterKeyFile)
  const service = await openKeyService({ store, ...location })
  expect(service.masterKeyBesideStore).toBe(isBeside ? (location.masterKeyFile ?? `${store}.master-key`) : undefined)
  await service.close()
})

it('says where to put it', () => {
  expect(besideStoreAdvice('/x/keys.db.master-key')).toMatch(/--master-key-file.*COUNTERSIGN_MASTER_KEY/)
})
