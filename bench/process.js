/** What the system says of a process, by Linux's /proc, and a port that is free. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/** Of the clock that /proc counts CPU time by. */
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** CPU time of a process and those that it started, so far. */
export function cpuSecondsOf(pid) {
  const all = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  const stats = new Map(all.flatMap(name => readStat(name)))
  const seconds = id =>
    [...stats].reduce((sum, [child, { parent }]) => (parent === id ? sum + seconds(child) : sum), stats.get(id)?.seconds ?? 0)
  return seconds(pid)
}

function readStat(name) {
  try {
    const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return [[Number(name), { parent: Number(fields[1]), seconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND }]]
  } catch {
    // It has just ended.
    return []
  }
}

/** Memory that a process has in RAM. */
export function residentMiBOf(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

export function freePort() {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
