import { tell } from 'countersign'
import { ServerError } from '../errors.ts'

/** Between two times that the log is told of the same. */
const QUIET_MS = 60_000

/** Tells the log that Redis can't be reached: once, and then once a minute. It is tried twice a second. */
export interface Away {
  failed(error: ServerError): void
  /** There is a connection again. */
  isBack(): void
}

export function createAway(onError: ((error: unknown) => void) | undefined, warn: (warning: ServerError) => void): Away {
  let code: string | undefined
  let toldAt = 0
  return {
    failed(error) {
      const now = performance.now()
      if (error.code === code && now - toldAt < QUIET_MS) return
      code = error.code
      toldAt = now
      tell(onError, error)
    },
    isBack() {
      if (code !== undefined) warn(new ServerError('redis-recovered', 503, `redis: it answers again (${code} before).`))
      code = undefined
    },
  }
}
