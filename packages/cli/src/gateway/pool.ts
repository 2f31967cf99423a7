import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { EXIT } from '../process/exit.ts'
import { giveSettings, REPLACED, type WorkerSettings } from './worker-settings.ts'

/** Before another process takes the place of one that ended by itself, or could not start. */
const PAUSE_MS = 500

export interface PoolOptions {
  readonly count: number
  readonly settings: WorkerSettings
  /** One ended by itself; another takes its place. */
  readonly onEnded: (worker: Worker) => void
}

/** So many processes, all by the same settings. */
export interface Pool {
  /** Starts the first one alone: what it can't start with, no other could. The others follow. */
  begin(): Promise<Started>
  /**
   * Puts processes by other settings in the place of all, one after the other: each listens before another ends.
   *
   * @returns false where one could not start: all are, or will be, by the settings of before
   */
  renew(settings: WorkerSettings): Promise<boolean>
  /** Lets all of them end. */
  end(): Promise<void>
}

export interface Started {
  /** What it ended with, where it does not listen. */
  readonly code: number
  readonly port: number
}

const CAN_NOT_START: Started = { code: EXIT.usage, port: 0 }

export function createPool({ count, settings, onEnded }: PoolOptions): Pool {
  /** The settings that all are to have. */
  let wanted = settings
  let isStopping = false
  const settingsOf = new WeakMap<Worker, WorkerSettings>()
  const starting = new WeakSet<Worker>()
  const leaving = new WeakSet<Worker>()
  const staying = (): readonly Worker[] => workers().filter(worker => !leaving.has(worker) && !starting.has(worker))
  const haveWanted = (worker: Worker): boolean => settingsOf.get(worker) === wanted

  async function startOne(): Promise<Started> {
    let worker: Worker
    try {
      worker = cluster.fork()
    } catch {
      // No more files may be open, say.
      return CAN_NOT_START
    }
    settingsOf.set(worker, wanted)
    starting.add(worker)
    giveSettings(worker, wanted)
    const begun = await new Promise<Started>(resolve => {
      worker.once('listening', ({ port }) => resolve({ code: EXIT.ok, port }))
      worker.once('exit', code => resolve({ code: code || EXIT.usage, port: 0 }))
      // The program was replaced by a newer one just now, say.
      worker.on('error', () => resolve(CAN_NOT_START))
    })
    starting.delete(worker)
    return begun
  }

  /** Not by SIGTERM, which has a process take connections for a while: these are for the new one. */
  function leave(worker: Worker): void {
    leaving.add(worker)
    // One that ends just now hears nothing any more, and needs not.
    worker.send(REPLACED, () => undefined)
  }

  /** Starts and ends processes until all is as wanted. @returns false where one could not start */
  async function settle(): Promise<boolean> {
    while (!isStopping) {
      const former = staying().filter(worker => !haveWanted(worker))
      const missing = count - (staying().length - former.length)
      if (missing > 0) {
        const begun = await Promise.all(Array.from({ length: former.length > 0 ? 1 : missing }, startOne))
        if (begun.some(({ code }) => code !== EXIT.ok)) return false
      } else if (former.length === 0) return true
      const [oldest] = staying().filter(worker => !haveWanted(worker))
      if (oldest !== undefined && staying().length > count) leave(oldest)
    }
    return true
  }

  let turn: Promise<unknown> = Promise.resolve()
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work)
    turn = done
    return done
  }

  async function keepUp(): Promise<void> {
    if (!(await inTurn(settle)) && !isStopping) setTimeout(keepUp, PAUSE_MS)
  }

  cluster.on('exit', worker => {
    if (isStopping || starting.has(worker) || leaving.has(worker)) return
    onEnded(worker)
    setTimeout(keepUp, PAUSE_MS)
  })

  return {
    async begin() {
      const first = await inTurn(startOne)
      if (first.code === EXIT.ok) void keepUp()
      return first
    },
    renew: next =>
      inTurn(async () => {
        const former = wanted
        wanted = next
        if (await settle()) return true
        wanted = former
        void keepUp()
        return false
      }),
    async end() {
      isStopping = true
      await Promise.all(
        workers().map(worker => {
          // Those that leave have been told; SIGTERM would cut off what they still let end.
          if (!leaving.has(worker)) worker.process.kill('SIGTERM')
          return once(worker, 'exit')
        }),
      )
    },
  }
}

function workers(): readonly Worker[] {
  return Object.values(cluster.workers ?? {}).filter(worker => worker !== undefined && !worker.isDead()) as readonly Worker[]
}
