import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { EXIT } from '../process/exit.ts'
import { reportError } from '../process/report.ts'
import { startOn } from '../process/start-on.ts'
import { tell } from '../process/streams.ts'
import type { Stop } from '../process/until-stopped.ts'
import { watchWorkers } from './watch-workers.ts'

/** Before another process takes the place of one that ended by itself. */
const PAUSE_MS = 500

export interface WorkersOptions {
  readonly count: number
  readonly port: number
  /** Where the first process tells of all; undefined: nowhere. */
  readonly adminPort: number | undefined
  readonly adminHost: string
  readonly stop: Stop
  /** Waits for the key store. Throws what else keeps it from being opened. */
  readonly checkStore: () => Promise<void>
  /** Throws what is wrong with the settings of the moment; all processes stay then. */
  readonly check: () => Promise<void>
}

/**
 * Keeps so many processes at work until it is told to stop. The first one comes alone: what it can't start with, no
 * other could. On SIGHUP each is replaced by one with the settings of that moment: the new one listens before the old
 * one ends.
 *
 * @returns what to end with
 */
export async function superviseWorkers(options: WorkersOptions): Promise<number> {
  const { count, port, adminPort, adminHost, stop, checkStore, check } = options
  let isStopping = false
  const admin = adminPort === undefined ? undefined : await startAdmin(adminPort, adminHost, () => isStopping)
  try {
    await checkStore()
    const code = await started(cluster.fork())
    if (code !== EXIT.ok) {
      admin?.close()
      return code
    }
  } catch (error) {
    admin?.close()
    if (stop.signal.aborted) return EXIT.ok
    throw error
  }
  /** Those whose end is no surprise: they were told to, or whoever started them is told. */
  const expected = new Set<Worker>()
  for (let at = 1; at < count; at++) cluster.fork()
  cluster.on('exit', worker => {
    if (expected.delete(worker) || isStopping) return
    tell(`worker ${worker.process.pid} ended; another one is started`)
    setTimeout(() => {
      if (!isStopping) cluster.fork()
    }, PAUSE_MS)
  })

  async function replaceAll(): Promise<void> {
    const before = workers()
    try {
      await check()
    } catch (error) {
      reportError('countersign', error)
      return
    }
    for (const old of before) {
      const fresh = cluster.fork()
      expected.add(fresh)
      if ((await started(fresh)) !== EXIT.ok) return tell('A new process could not start: the others stay.')
      expected.delete(fresh)
      if (isStopping) return
      if (old.isDead()) continue
      expected.add(old)
      old.process.kill('SIGTERM')
    }
    tell(`settings read again: ${before.length} processes replaced`)
  }

  let replacing = Promise.resolve()
  let isWaiting = false
  process.on('SIGHUP', () => {
    // One more round has whatever changed in the meantime.
    if (isWaiting) return
    isWaiting = true
    replacing = replacing.then(() => {
      isWaiting = false
      return replaceAll()
    })
  })
  tell(`The gateway listens on port ${port} with ${count} processes. Ctrl+C stops it.`)
  await stop.told
  isStopping = true
  await Promise.all(
    workers().map(worker => {
      worker.process.kill('SIGTERM')
      return once(worker, 'exit')
    }),
  )
  admin?.close()
  admin?.closeAllConnections()
  return EXIT.ok
}

async function startAdmin(port: number, host: string, isStopping: () => boolean): Promise<Server> {
  const { createHealthServer, listen } = await import('@countersign/server')
  const server = createHealthServer(await watchWorkers(isStopping))
  await startOn(port, () => listen(server, port, host))
  return server
}

function workers(): readonly Worker[] {
  return Object.values(cluster.workers ?? {}).filter(worker => worker !== undefined)
}

/** @returns what it ended with, where it does not listen */
function started(worker: Worker): Promise<number> {
  return new Promise(resolve => {
    worker.once('listening', () => resolve(EXIT.ok))
    worker.once('exit', code => resolve(code || EXIT.usage))
  })
}
