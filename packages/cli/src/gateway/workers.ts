import cluster from 'node:cluster'
import type { GatewayConfig, HealthServer } from '@countersign/server'
import { EXIT } from '../process/exit.ts'
import { startOn } from '../process/start-on.ts'
import type { Stop } from '../process/until-stopped.ts'
import { createPool, type Started } from './pool.ts'
import { type WatchOptions, watchWorkers } from './watch-workers.ts'
import type { WorkerSettings } from './worker-settings.ts'

export interface WorkersOptions {
  /** The settings of the start. */
  readonly settings: WorkerSettings
  readonly count: number
  readonly isQuiet: boolean
  /** The first process listens. */
  readonly onListening: (port: number) => void
  readonly stop: Stop
  /** Waits for the key store. Throws what else keeps it from being opened. */
  readonly checkStore: (onAway: (error: Error) => void) => Promise<void>
  /** The settings of the moment. Throws what is wrong with them; all processes stay then. */
  readonly readAgain: () => Promise<WorkerSettings>
}

/**
 * Keeps so many processes at work until it is told to stop. On SIGHUP each is replaced by one with the settings of that
 * moment.
 *
 * @returns what to end with
 */
export async function superviseWorkers(options: WorkersOptions): Promise<number> {
  const { settings, count, isQuiet, onListening, stop, checkStore, readAgain } = options
  const { createProcessLog, createSettingsTaken, logError } = await import('@countersign/server')
  const log = createProcessLog(isQuiet)
  cluster.setupPrimary({ serialization: 'advanced' })
  const taken = createSettingsTaken()
  const pool = createPool({
    count,
    settings,
    onEnded: worker => log.warn({ worker: worker.process.pid }, 'a process ended: another one is started'),
  })
  let isStopping = false
  let waitsFor = 'it starts'
  let onReload: (() => void) | undefined
  let isAsked = false
  // From the start on: where nobody hears it, it ends the process.
  process.on('SIGHUP', () => {
    isAsked = true
    onReload?.()
  })
  const admin = await startAdmin(settings.config, {
    count,
    taken,
    isStopping: () => isStopping,
    waitsFor: () => waitsFor,
  })
  let first: Started
  try {
    await checkStore(error => {
      waitsFor = error.message
      log.warn({ error: error.message }, 'waiting for the key store')
    })
    first = await pool.begin()
    if (first.code !== EXIT.ok) {
      admin?.close()
      return first.code
    }
  } catch (error) {
    admin?.close()
    if (stop.signal.aborted) return EXIT.ok
    throw error
  }

  async function reload(): Promise<void> {
    try {
      const renewed = await pool.renew(await readAgain())
      if (isStopping) return
      taken.set(renewed)
      if (renewed) log.info({ processes: count }, 'settings read again: processes replaced')
      else log.error('a new process could not start: all go on by the settings of before')
    } catch (error) {
      taken.set(false)
      logError(log, error, 'settings not taken: the old ones stay')
    }
  }
  let replacing = Promise.resolve()
  let isWaiting = false
  onReload = () => {
    // One more round has whatever changed in the meantime.
    if (isWaiting || isStopping) return
    isWaiting = true
    replacing = replacing.then(() => {
      isWaiting = false
      return reload()
    })
  }
  if (isAsked) onReload()
  onListening(first.port)
  await stop.told
  isStopping = true
  await pool.end()
  admin?.close()
  return EXIT.ok
}

async function startAdmin({ adminPort, adminHost }: GatewayConfig, options: WatchOptions): Promise<HealthServer | undefined> {
  if (adminPort === undefined) return undefined
  const { startHealthServer } = await import('@countersign/server')
  const watched = await watchWorkers(options)
  return await startOn(adminPort, () => startHealthServer(watched, adminPort, adminHost))
}
