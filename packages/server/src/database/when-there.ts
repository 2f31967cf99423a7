import { setTimeout as sleep } from 'node:timers/promises'
import { isStoreAway } from './store-problem.ts'

export interface Waiting {
  /** Ends it: what kept it waiting is thrown. */
  readonly signal: AbortSignal
  /** Told of it once, and again when the reason is another one. */
  readonly onAway: (error: Error) => void
}

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 1_000

/**
 * Opens what stands on a store, again and again while the store is away. A wrong password, say, is not waited for.
 *
 * @param waiting undefined: only once
 * @throws what `open` throws
 */
export async function whenThere<T>(open: () => Promise<T>, waiting: Waiting | undefined): Promise<T> {
  let told = ''
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await open()
    } catch (error) {
      if (waiting === undefined || waiting.signal.aborted || !(error instanceof Error) || !isStoreAway(error)) throw error
      if (error.message !== told) waiting.onAway(error)
      told = error.message
      await sleep(waitMs, undefined, { signal: waiting.signal }).catch(() => {
        throw error
      })
    }
  }
}
