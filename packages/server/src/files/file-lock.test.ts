import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { withFileLock } from './file-lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-alone-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const inFolder = (name: string): string => join(folder, name)

describe('a file that is changed by what is in it', () => {
  const addOne = async (file: string) => {
    const before = Number(readFileSync(file, 'utf8'))
    await setImmediate()
    writeFileSync(file, String(before + 1))
  }

  it('is changed by one after the other, and leaves no lock', async () => {
    const file = inFolder('count')
    writeFileSync(file, '0')
    await Promise.all(Array.from({ length: 8 }, () => withFileLock(file, () => addOne(file), 30_000)))
    expect(readFileSync(file, 'utf8')).toBe('8')
    expect(existsSync(`${file}.lock`)).toBe(false)
  })

  it('is not waited for, unless that is asked for', async () => {
    const file = inFolder('busy')
    await withFileLock(file, async () => {
      await expect(withFileLock(file, async () => expect.unreachable())).rejects.toMatchObject({ code: 'file-busy' })
    })
    expect(await withFileLock(file, async () => 'mine')).toBe('mine')
    await expect(withFileLock(file, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
    expect(existsSync(`${file}.lock`)).toBe(false)
  })

  it('is the same by a link', async () => {
    mkdirSync(inFolder('real'))
    writeFileSync(inFolder('real/file'), '')
    symlinkSync(inFolder('real/file'), inFolder('link'))
    await withFileLock(inFolder('link'), async () => {
      await expect(withFileLock(inFolder('real/file'), async () => expect.unreachable())).rejects.toMatchObject({ code: 'file-busy' })
    })
  })

  it('says that it can’t be changed where nothing can be made beside it', async () => {
    await expect(withFileLock(inFolder('none/file'), async () => expect.unreachable())).rejects.toMatchObject({ code: 'file-unwritable' })
  })
})
