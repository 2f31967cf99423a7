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
    Promise.resolve(watcher?.(...told)).catch(() => undefined)
  } catch {
    // Dropped, too.
  }
}
