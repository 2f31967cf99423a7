import cluster, { type Worker } from 'node:cluster'
import type { SettingsTaken, Watched } from '@countersign/server'
import { STATE_WANTED, type WorkerState } from './report-state.ts'

/** A process that does not say how it is within this counts as one that is not ready. */
const ANSWER_MS = 2_000
/** The first process, beside the ids of the others. */
const FIRST = 0

export interface WatchOptions {
  /** How many processes there are to be. */
  readonly count: number
  readonly taken: SettingsTaken
  readonly isStopping: () => boolean
  readonly waitsFor: () => string
}

/** What is told of all processes together. */
export async function watchWorkers({ count, taken, isStopping, waitsFor }: WatchOptions): Promise<Watched> {
  const { createMetricsOfProcesses, STORE_AWAY } = await import('@countersign/server')
  const metrics = createMetricsOfProcesses()
  const waiting = new Map<number, (state: WorkerState | undefined) => void>()
  cluster.on('message', (worker, message: unknown) => {
    if (!isState(message)) return
    metrics.heard(worker.id, message.metrics)
    waiting.get(worker.id)?.(message)
  })
  cluster.on('exit', worker => {
    metrics.ended(worker.id)
    waiting.get(worker.id)?.(undefined)
  })

  /** Those that do not answer count with what they said last. */
  function stateOf(worker: Worker): Promise<WorkerState | undefined> {
    return new Promise(resolve => {
      const timer = setTimeout(done, ANSWER_MS)
      function done(state?: WorkerState): void {
        clearTimeout(timer)
        waiting.delete(worker.id)
        resolve(state)
      }
      waiting.set(worker.id, done)
      if (worker.isConnected()) worker.send(STATE_WANTED, error => error && done())
      else done()
    })
  }

  let asking: Promise<readonly (WorkerState | undefined)[]> | undefined
  /** All that ask at once are answered by one round. */
  function statesOfAll(): Promise<readonly (WorkerState | undefined)[]> {
    const workers = Object.values(cluster.workers ?? {}).filter(worker => worker !== undefined)
    asking ??= Promise.all(workers.map(stateOf)).finally(() => {
      asking = undefined
    })
    return asking
  }

  return {
    get isDraining() {
      return isStopping()
    },
    async metrics() {
      if ((await statesOfAll()).length === 0) return STORE_AWAY
      metrics.heard(FIRST, await taken.counted())
      return await metrics.text()
    },
    async ready() {
      const states = await statesOfAll()
      const ready = states.filter(state => state !== undefined && state.unready === undefined)
      if (ready.length === 0)
        throw new Error(
          states.find(state => state?.unready !== undefined)?.unready ?? (states.length === 0 ? waitsFor() : 'no process answers'),
        )
      return `ready: ${ready.length} of ${count} processes`
    },
  }
}

function isState(message: unknown): message is WorkerState {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'countersign-state'
}
