import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openKeyService } from '../service.ts'
import { backUpStore, restoreStore } from './backup.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-backup-'))
const inFolder = (name: string): string => join(folder, name)
const isRoot = process.geteuid?.() === 0

beforeAll(async () => {
  mkdirSync(inFolder('mine'))
  await (await openKeyService({ store: inFolder('mine/keys.db') })).close()
  await backUpStore(inFolder('mine/keys.db'), inFolder('mine/good.db'))
  writeFileSync(inFolder('file'), '')
  mkdirSync(inFolder('closed'))
  mkdirSync(inFolder('seen'))
  for (const [name, mode] of [
    ['mine', 0o777],
    ['closed', 0o700],
    ['seen', 0o755],
  ] as const)
    chmodSync(inFolder(name), mode)
  for (const name of readdirSync(inFolder('mine'))) chmodSync(inFolder(`mine/${name}`), 0o666)
  if (!isRoot) chmodSync(inFolder('closed'), 0)
  if (!isRoot) chmodSync(inFolder('seen'), 0o555)
  chmodSync(folder, 0o755)
})
afterAll(() => rmSync(folder, { recursive: true }))

const MAY_NOT = 'whoever runs this may not write there'

it.runIf(process.platform !== 'win32').each([
  ['closed/b.db', 403, MAY_NOT],
  ['closed/deep/b.db', 403, MAY_NOT],
  ['seen/b.db', 403, MAY_NOT],
  ['seen/deep/b.db', 403, MAY_NOT],
  ['file/b.db', 400, 'a part of the path is a file, and not a folder'],
  ['file/deep/b.db', 400, 'a part of the path is a file, and not a folder'],
])('a copy that can’t be written to %s names the file that was given, and why', async (path, status, why) => {
  const file = inFolder(path)
  if (isRoot) process.seteuid?.(65_534)
  try {
    for (const work of [() => backUpStore(inFolder('mine/keys.db'), file), () => restoreStore(inFolder('mine/good.db'), file)])
      await expect(work()).rejects.toMatchObject({
        code: 'file-unwritable',
        status,
        message: `${file} can't be written: ${why}. Nothing of it was left; give another path.`,
      })
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
  expect(readdirSync(inFolder('seen'))).toEqual([])
})
