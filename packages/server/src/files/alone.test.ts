import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { alone } from './alone.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-alone-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a file that is changed by what is in it', () => {
  it('is changed by one after the other', async () => {
    const file = join(folder, 'count')
    writeFileSync(file, '0')
    const addOne = async () => {
      const before = Number(readFileSync(file, 'utf8'))
      await setImmediate()
      writeFileSync(file, String(before + 1))
    }
    await Promise.all(Array.from({ length: 8 }, () => alone(file, addOne, 30_000)))
    expect(readFileSync(file, 'utf8')).toBe('8')
    expect(existsSync(`${file}.lock`)).toBe(false)
  })

  it('is not waited for, unless that is asked for, and says who has it', async () => {
    const file = join(folder, 'busy')
    await alone(file, async () => {
      await expect(alone(file, async () => expect.unreachable())).rejects.toMatchObject({
        code: 'file-busy',
        message: expect.stringContaining(`process ${process.pid} on ${hostname()}`) as string,
      })
    })
    expect(await alone(file, async () => 'mine')).toBe('mine')
    await expect(alone(file, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
    expect(existsSync(`${file}.lock`)).toBe(false)
  })

  it('is free where whoever had it ended without a word, and not where that was on another machine', async () => {
    const file = join(folder, 'left')
    const { pid } = spawnSync(process.execPath, ['--version'])
    writeFileSync(`${file}.lock`, `${pid} ${hostname()}\n`)
    expect(await alone(file, async () => 'mine')).toBe('mine')
    writeFileSync(`${file}.lock`, `${pid} elsewhere\n`)
    await expect(alone(file, async () => 'mine')).rejects.toMatchObject({ code: 'file-busy' })
  })
})
