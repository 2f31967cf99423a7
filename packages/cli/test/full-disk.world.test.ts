import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder, run } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-full-'))
const disk = join(folder, 'disk')
mkdirSync(disk)
const canMount = mounts()

/** A disk of two pages, one of which the folder takes. */
function mounts(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'none', disk], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe.skipIf(!canMount)('on a full disk (needs a mount)', () => {
  const store = ['--store', join(folder, 'keys.db')]
  const keys = (...args: readonly string[]) => run('countersign', ['keys', ...args, ...store, '--json'], { cwd: folder })
  let id = ''
  beforeAll(async () => {
    writeFileSync(join(disk, 'filler'), Buffer.alloc(8192))
    id = JSON.parse((await keys('create', 'k')).stdout).key.id
  })
  afterAll(() => {
    execFileSync('umount', [disk])
    removeFolder(folder)
  })

  it('no key is made or rotated whose secret has no room, and no empty file stays', async () => {
    const file = join(disk, 'secret')
    for (const args of [
      ['rotate', id, '--secret-out', file],
      ['create', 'x', '--secret-out', file],
    ])
      expect(await keys(...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('disk is full [file-unwritable]') })
    expect(JSON.parse((await keys('show', id)).stdout).secrets).toHaveLength(1)
    expect(JSON.parse((await keys('list')).stdout).keys).toHaveLength(1)
    expect(readdirSync(disk)).toEqual(['filler'])
  })

  it('no backup stays that has no room, and it is named', async () => {
    for (const args of [
      ['backup', join(disk, 'copy.db'), ...store],
      ['restore', join(folder, 'copy.db'), '--store', join(disk, 'copy.db')],
    ]) {
      const ran = await run('countersign', ['store', ...args])
      expect(ran).toMatchObject({ code: 2, stdout: '' })
      expect(ran.stderr).toContain(`${join(disk, 'copy.db')} can't be written: there is no room left on its disk.`)
      expect(ran.stderr).toContain('[file-unwritable]')
      await run('countersign', ['store', 'backup', join(folder, 'copy.db'), ...store])
    }
    expect(readdirSync(disk)).toEqual(['filler'])
  })

  it('no master key file stays that is empty', async () => {
    const args = ['keys', 'create', 'x', '--store', join(folder, 'other.db'), '--master-key-file', join(disk, 'master')]
    expect(await run('countersign', args)).toMatchObject({ code: 2, stderr: expect.stringContaining('the disk is full') })
    expect(readdirSync(disk)).toEqual(['filler'])
    expect(readdirSync(folder)).not.toContain('other.db')
  })

  it('no administrator is made whose token has no room', async () => {
    const args = ['admins', 'create', 'Ada', '--role', 'operator', '--token-out', join(disk, 'token'), ...store]
    expect(await run('countersign', args)).toMatchObject({ code: 2 })
    expect(JSON.parse((await run('countersign', ['admins', 'list', '--json', ...store])).stdout)).toEqual([])
    expect(readdirSync(disk)).toEqual(['filler'])
  })
})
