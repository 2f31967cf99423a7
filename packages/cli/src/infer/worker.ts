/** One thread of `inferInThreads`. */
import { parentPort, workerData } from 'node:worker_threads'
import { CountersignError, type ErrorCode } from 'countersign'
import { type Inference, infer, type SignedExample } from 'countersign/infer'

export interface InferTask {
  readonly examples: readonly SignedExample[]
  readonly timeoutMs: number | undefined
  readonly share: { readonly index: number; readonly of: number }
}

/** What a thread says: an error loses its class on the way, so its code is sent. */
export type InferReport =
  | { readonly kind: 'progress'; readonly attempts: number; readonly elapsedMs: number }
  | { readonly kind: 'done'; readonly inference: Inference }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }

const { examples, ...options } = workerData as InferTask
const send = (report: InferReport): void => parentPort?.postMessage(report)
try {
  const inference = await infer(examples, { ...options, onProgress: progress => send({ kind: 'progress', ...progress }) })
  send({ kind: 'done', inference })
} catch (error) {
  if (!(error instanceof CountersignError)) throw error
  send({ kind: 'refused', code: error.code, message: error.message })
}
