import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { CountersignError, tell } from 'countersign'
import type { Inference, InferOptions, SignedExample } from 'countersign/infer'
import type { InferReport, InferTask } from './worker.ts'

const DEFAULT_THREADS = 2

/**
 * `infer`, divided among threads; the first that finds a declaration ends the search.
 *
 * @throws what `infer` throws
 */
export async function inferInThreads(
  examples: readonly SignedExample[],
  {
    timeoutMs,
    threads = Math.min(DEFAULT_THREADS, availableParallelism()),
    onProgress,
  }: InferOptions & { readonly threads?: number | undefined },
): Promise<Inference> {
  const counts = Array.from({ length: threads }, () => 0)
  const total = (): number => counts.reduce((sum, count) => sum + count, 0)
  const workers: Worker[] = []
  const run = (index: number): Promise<Inference> =>
    new Promise((resolve, reject) => {
      const task: InferTask = { examples, timeoutMs, share: { index, of: threads } }
      const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: task })
      workers.push(worker)
      worker.on('message', (report: InferReport) => {
        if (report.kind === 'refused') return reject(new CountersignError(report.code, report.message))
        counts[index] = report.kind === 'done' ? report.inference.attempts : report.attempts
        if (report.kind === 'done') resolve(report.inference)
        else tell(onProgress, { attempts: total(), elapsedMs: report.elapsedMs })
      })
      worker.on('error', reject)
    })
  try {
    const all = counts.map((_, index) => run(index))
    const first = await Promise.race([firstFound(all), Promise.all(all).then(endOf)])
    return { ...first, attempts: total() }
  } finally {
    await Promise.all(workers.map(worker => worker.terminate()))
  }
}

/** The first of them that found a declaration; without any, it waits for ever. */
function firstFound(all: readonly Promise<Inference>[]): Promise<Inference> {
  return new Promise((resolve, reject) => {
    for (const one of all) one.then(inference => (inference.declaration === undefined ? undefined : resolve(inference)), reject)
  })
}

function endOf(all: readonly Inference[]): Inference {
  const ranked = [...all].sort((a, b) => rank(a) - rank(b))
  return ranked[0] ?? { outcome: 'not-found', declaration: undefined, open: [], attempts: 0 }
}

function rank({ outcome }: Inference): number {
  return ['found', 'timed-out', 'not-found'].indexOf(outcome)
}
