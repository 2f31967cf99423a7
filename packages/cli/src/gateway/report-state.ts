import type { ProcessMetrics, WatchedProcess } from '@countersign/server'

/** What the first process asks the others. */
export const STATE_WANTED = 'countersign-state-wanted'

/** How one process is. */
export interface WorkerState {
  readonly type: 'countersign-state'
  readonly metrics: ProcessMetrics
  /** What keeps it from serving calls. */
  readonly unready: string | undefined
}

/** Tells the first process how this one is, whenever it asks. @returns tells it once more, for the end */
export function reportState(watched: WatchedProcess): () => Promise<void> {
  async function tellState(): Promise<void> {
    const looked = watched.ready().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    // Both may ask Redis, which may hang: together they take no longer than one.
    const [unready, metrics] = await Promise.all([looked, watched.counted()])
    const state: WorkerState = { type: 'countersign-state', metrics, unready }
    await new Promise<void>(resolve => {
      if (process.send === undefined || !process.connected) resolve()
      else process.send(state, undefined, undefined, () => resolve())
    })
  }
  // Where the first process is gone, so is this one in a moment.
  const answer = (message: unknown): void => {
    if (message === STATE_WANTED) tellState().catch(() => undefined)
  }
  process.on('message', answer)
  return async () => {
    process.off('message', answer)
    await tellState()
  }
}
