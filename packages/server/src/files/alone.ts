import { readFileSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServerError } from '../errors.ts'
import { writeNewFile } from './new-file.ts'

const AGAIN_MS = 20

/**
 * Changes a file by what is in it while no other command does: beside it, a file says whose turn it is. One of a
 * process that ended without taking it away doesn't count.
 *
 * @param waitMs how long to wait for one's turn. Default: not at all
 * @throws ServerError `file-busy`
 */
export async function alone<T>(path: string, work: () => Promise<T>, waitMs = 0): Promise<T> {
  const lock = `${path}.lock`
  const mine = `${process.pid} ${hostname()}\n`
  const end = performance.now() + waitMs
  for (;;) {
    try {
      writeNewFile(lock, mine)
      break
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const holder = holderOf(lock)
    if (holder === 'ended') rmSync(lock, { force: true })
    else if (holder !== 'gone') {
      if (performance.now() >= end)
        throw new ServerError(
          'file-busy',
          409,
          `Another command changes ${path} (${holder}): wait until it is done. If nothing does, remove ${lock}.`,
        )
      await sleep(AGAIN_MS)
    }
  }
  try {
    return await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

/** `gone`: there is no lock any more; `ended`: its process has; else who it is, in words. */
function holderOf(lock: string): string {
  let text: string
  try {
    text = readFileSync(lock, 'utf8')
  } catch {
    return 'gone'
  }
  const [, pid = '', host = ''] = /^(\d+) (.+)\n$/.exec(text) ?? []
  if (pid !== '' && host === hostname() && !isRunning(Number(pid))) return 'ended'
  return `process ${pid} on ${host}`
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // One of somebody else's runs, and may not be sent signals.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
