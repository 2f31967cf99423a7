import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { withFileLock } from '../src/files/file-lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-file-lock-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const built = pathToFileURL(fileURLToPath(new URL('../dist/files/index.js', import.meta.url))).href

/** Another process, which does something with a file. */
function inAnotherProcess(file: string, work: string): ChildProcessByStdio<null, Readable, null> {
  const program = `import { withFileLock } from ${JSON.stringify(built)}
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
const file = ${JSON.stringify(file)}
${work}`
  return spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
}

it('a file that several processes change is changed by one after the other, although some are killed meanwhile', {
  timeout: 120_000,
}, async () => {
  const file = join(folder, 'count')
  writeFileSync(file, '0')
  const add = `for (let at = 0; at < 25; at++) await withFileLock(file, async () => {
  const before = Number(readFileSync(file, 'utf8'))
  await sleep(1)
  writeFileSync(file, String(before + 1))
}, 60_000)`
  const hold = "await withFileLock(file, async () => { console.log('in'); await sleep(60_000) }, 60_000)"
  const adding = [1, 2, 3].map(() => once(inAnotherProcess(file, add), 'exit'))
  for (let round = 0; round < 5; round++) {
    const holder = inAnotherProcess(file, hold)
    const [said] = await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')])
    expect(String(said)).toBe('in\n')
    await expect(withFileLock(file, async () => expect.unreachable())).rejects.toMatchObject({ code: 'file-busy' })
    holder.kill('SIGKILL')
  }
  expect((await Promise.all(adding)).map(([code]) => code)).toEqual([0, 0, 0])
  expect(readFileSync(file, 'utf8')).toBe('75')
})
