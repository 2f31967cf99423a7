/** What is written at intervals, and not while a request waits. */
export interface Flusher {
  /** Writes now, after what is being written. */
  flush(): Promise<void>
  /** Writes a last time. */
  close(): Promise<void>
}

/** @param write deals with its own errors */
export function createFlusher(write: () => Promise<void>, everyMs: number): Flusher {
  let flushing: Promise<void> = Promise.resolve()
  const flush = (): Promise<void> => {
    flushing = flushing.then(write)
    return flushing
  }
  const timer = setInterval(() => void flush(), everyMs)
  timer.unref()
  return {
    flush,
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}
