import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { GatewayConfig, HealthServer } from '@countersign/server'
import { EXIT } from '../process/exit.ts'
import { startOn } from '../process/start-on.ts'
import type { Stop } from '../process/until-stopped.ts'
import { watchWorkers } from './watch-workers.ts'
import { giveSettings, REPLACED } from './worker-settings.ts'

/** Before another process takes the place of one that ended by itself. */
const PAUSE_MS = 500

export interface WorkersOptions {
  /** The settings of the start. */
  readonly config: GatewayConfig
  readonly count: number
  readonly isQuiet: boolean
  /** The first process listens. */
  readonly onListening: (port: number) => void
  readonly stop: Stop
  /** Waits for the key store. Throws what else keeps it from being opened. */
  readonly checkStore: (onAway: (error: Error) => void) => Promise<void>
  /** The settings of the moment. Throws what is wrong with them; all processes stay then. */
  readonly readAgain: () => Promise<GatewayConfig>
}

/**
 * Keeps so many processes at work until it is told to stop. The first one comes alone: what it can't start with, no
 * other could. On SIGHUP each is replaced by one with the settings of that moment: the new one listens before the old
 * one ends.
 *
 * @returns what to end with
 */
export async function superviseWorkers(options: WorkersOptions): Promise<number> {
  const { config, count, isQuiet, onListening, stop, checkStore, readAgain } = options
  const { adminPort, adminHost } = config
  const { createProcessLog, logError } = await import('@countersign/server')
  const log = createProcessLog(isQuiet)
  cluster.setupPrimary({ serialization: 'advanced' })
  /** Those that every process is started with. */
  let current = config
  const fork = (): Worker => {
    const worker = cluster.fork()
    giveSettings(worker, current)
    return worker
  }
  let isStopping = false
  let waitsFor = 'it starts'
  let onReload: (() => void) | undefined
  let isAsked = false
  // From the start on: where nobody hears it, it ends the process.
  process.on('SIGHUP', () => {
    isAsked = true
    onReload?.()
  })
  const admin =
    adminPort === undefined
      ? undefined
      : await startAdmin(
          adminPort,
          adminHost,
          () => isStopping,
          () => waitsFor,
        )
  let first: Started
  try {
    await checkStore(error => {
      waitsFor = error.message
      log.warn({ error: error.message }, 'waiting for the key store')
    })
    first = await started(fork())
    if (first.code !== EXIT.ok) {
      admin?.close()
      return first.code
    }
  } catch (error) {
    admin?.close()
    if (stop.signal.aborted) return EXIT.ok
    throw error
  }
  /** Those whose end is no surprise: they were told to, or whoever started them is told. */
  const expected = new Set<Worker>()
  /** A second SIGTERM would cut off what a process still lets end. */
  const told = new WeakSet<Worker>()
  function end(worker: Worker): void {
    if (!told.has(worker)) worker.process.kill('SIGTERM')
    told.add(worker)
  }
  for (let at = 1; at < count; at++) fork()
  cluster.on('exit', worker => {
    if (expected.delete(worker) || isStopping) return
    log.warn({ worker: worker.process.pid }, 'a process ended: another one is started')
    setTimeout(() => {
      // One that died while it was to be replaced is replaced.
      if (!isStopping && workers().length < count) fork()
    }, PAUSE_MS)
  })

  async function replaceAll(): Promise<void> {
    const former = current
    try {
      current = await readAgain()
    } catch (error) {
      logError(log, error, 'settings not taken: the old ones stay')
      return
    }
    const before = workers().filter(worker => !told.has(worker))
    for (const [at, old] of before.entries()) {
      if (isStopping) return
      const fresh = fork()
      expected.add(fresh)
      if ((await started(fresh)).code !== EXIT.ok) {
        if (at === 0) current = former
        return log.error('a new process could not start: the others stay')
      }
      expected.delete(fresh)
      if (isStopping) return
      if (old.isDead()) continue
      expected.add(old)
      told.add(old)
      // Not by SIGTERM, which has a process take connections for a while: these are for the new one.
      // One that ends just now hears nothing any more, and needs not.
      old.send(REPLACED, () => undefined)
    }
    log.info({ processes: before.length }, 'settings read again: processes replaced')
  }

  let replacing = Promise.resolve()
  let isWaiting = false
  onReload = () => {
    // One more round has whatever changed in the meantime.
    if (isWaiting || isStopping) return
    isWaiting = true
    replacing = replacing.then(() => {
      isWaiting = false
      return replaceAll()
    })
  }
  if (isAsked) onReload()
  onListening(first.port)
  await stop.told
  isStopping = true
  await Promise.all(
    workers().map(worker => {
      end(worker)
      return once(worker, 'exit')
    }),
  )
  admin?.close()
  return EXIT.ok
}

async function startAdmin(port: number, host: string, isStopping: () => boolean, waitsFor: () => string): Promise<HealthServer> {
  const { startHealthServer } = await import('@countersign/server')
  const watched = await watchWorkers(isStopping, waitsFor)
  return await startOn(port, () => startHealthServer(watched, port, host))
}

function workers(): readonly Worker[] {
  return Object.values(cluster.workers ?? {}).filter(worker => worker !== undefined)
}

interface Started {
  /** What it ended with, where it does not listen. */
  readonly code: number
  readonly port: number
}

function started(worker: Worker): Promise<Started> {
  return new Promise(resolve => {
    worker.once('listening', ({ port }) => resolve({ code: EXIT.ok, port }))
    worker.once('exit', code => resolve({ code: code || EXIT.usage, port: 0 }))
  })
}
