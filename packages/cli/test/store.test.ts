import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { openKeyService } from '@countersign/server'
import { afterAll, describe, expect, it } from 'vitest'
import { removeFolder, run } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-store-'))
const inFolder = (name: string) => join(folder, name)
afterAll(() => removeFolder(folder))
const ACTOR = { name: 'test', address: '' }
const store = (...args: readonly string[]) => run('countersign', ['store', ...args], { cwd: folder })

describe('a backup', () => {
  it('of a store under load has every key that was acknowledged before it, and a whole chain, wherever it is restored', async () => {
    const service = await openKeyService({ store: inFolder('busy.db') })
    await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
    const acknowledged: string[] = []
    let goesOn = true
    const making = (async () => {
      while (goesOn) {
        acknowledged.push((await service.keys.create(ACTOR, 'acme', { name: `k${acknowledged.length}` })).key.id)
        // The driver of SQLite waits for nothing, so nothing else would have a turn.
        await nextTurn()
      }
    })()
    await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(20)
    const before = [...acknowledged]
    expect(await store('backup', 'copies/one.db', '--store', 'busy.db')).toMatchObject({ code: 0, stdout: '' })
    await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(before.length + 5)
    goesOn = false
    await making
    await service.close()
    expect(statSync(inFolder('copies/one.db')).mode & 0o777).toBe(0o600)

    expect(await store('restore', 'copies/one.db', '--store', 'elsewhere/keys.db')).toMatchObject({ code: 0 })
    expect(await store('check', '--store', 'elsewhere/keys.db')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[master-key-missing]') as string,
    })
    await copyFile(inFolder('busy.db.master-key'), inFolder('elsewhere/keys.db.master-key'))
    expect(await store('check', '--store', 'elsewhere/keys.db')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^whole: /) as string,
    })
    const restored = await openKeyService({ store: inFolder('elsewhere/keys.db'), mustExist: true })
    for (const id of before) expect((await restored.source.find(id))?.state).toBe('active')
    expect(await restored.audit.verify()).toMatchObject({ broken: undefined })
    await restored.close()
  })

  it('and its restoration take the place of nothing, and leave nothing where they fail', async () => {
    const service = await openKeyService({ store: inFolder('kept.db') })
    await service.close()
    writeFileSync(inFolder('there'), 'mine')
    writeFileSync(inFolder('text'), 'name,age\n'.repeat(100))
    expect((await store('backup', 'good.db', '--store', 'kept.db')).code).toBe(0)
    const cut = readFileSync(inFolder('good.db'))
    writeFileSync(inFolder('cut.db'), cut.subarray(0, cut.length - 8_192))
    const cases: readonly (readonly [args: readonly string[], told: string])[] = [
      [['backup', 'there', '--store', 'kept.db'], '[backup-exists]'],
      [['backup', 'new.db', '--store', 'nowhere.db'], '[store-missing]'],
      [['backup', 'new.db', '--store', 'text'], '[store-not-sqlite]'],
      [['backup', 'new.db', '--store', 'postgres://a/b'], 'pg_dump'],
      [['restore', 'good.db', '--store', 'kept.db'], '[backup-exists]'],
      [['restore', 'text', '--store', 'new.db'], '[store-not-sqlite]'],
      [['restore', 'nowhere.db', '--store', 'new.db'], '[store-missing]'],
      [['restore', 'cut.db', '--store', 'new.db'], 'damaged'],
    ]
    for (const [args, told] of cases) {
      const { code, stderr } = await store(...args)
      expect([args, code === 0, stderr]).toEqual([args, false, expect.stringContaining(told)])
    }
    expect(readFileSync(inFolder('there'), 'utf8')).toBe('mine')
    expect(existsSync(inFolder('new.db'))).toBe(false)
  })
})
