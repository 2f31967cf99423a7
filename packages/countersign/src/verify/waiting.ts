import { isPromise, type MaybePromise } from '../contract/maybe-promise.ts'

/** Calls back after `ms` milliseconds, unless the function that it returns is called before. */
export type Timer = (ms: number, onEnd: () => void) => () => void

/** The platform's timer. It keeps no process alive. */
export const systemTimer: Timer = (ms, onEnd) => {
  const timer: unknown = setTimeout(onEnd, ms)
  // Node's is an object, a browser's a number.
  if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function') timer.unref()
  return () => clearTimeout(timer as number)
}

/** Waits for an answer, but no longer than `ms`. An answer that is there at once starts no timer. */
export type Wait = <T>(answer: MaybePromise<T>, ms: number, what: string) => MaybePromise<T>

/** @throws Error (as a rejection) where there is no answer in time */
export function createWait(timer: Timer): Wait {
  return (answer, ms, what) => {
    if (!isPromise(answer)) return answer
    return new Promise((resolve, reject) => {
      let cancel = (): void => undefined
      const stop = (): void => {
        try {
          cancel()
        } catch {
          // A timer that can't be stopped fires without effect.
        }
      }
      // Listened to first, so that nothing is left unhandled where the timer fails.
      Promise.resolve(answer).then(resolve, reject).finally(stop)
      cancel = timer(ms, () => reject(tooLate(what, ms)))
    })
  }
}

function tooLate(what: string, ms: number): Error {
  return Object.assign(new Error(`${what} has not answered within ${ms} ms.`), { code: 'ETIMEDOUT' })
}
