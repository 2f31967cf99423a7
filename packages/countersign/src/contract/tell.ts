import { isPromise } from './maybe-promise.ts'

/**
 * Calls a watcher, such as `onRefused`. What it throws or rejects with is dropped: a watcher must not change what is
 * answered, and must not end the process.
 *
 * @example
 * ```ts
 * tell(options.onError, error)
 * ```
 */
export function tell<A extends readonly unknown[]>(watcher: ((...told: A) => unknown) | undefined, ...told: A): void {
  try {
    const answer = watcher?.(...told)
    // What its `then` returns may reject, too.
    if (isPromise(answer)) Promise.resolve(answer.then(drop, drop)).catch(drop)
  } catch {
    // Dropped, too.
  }
}

function drop(): void {}
