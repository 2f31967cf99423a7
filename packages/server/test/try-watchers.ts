import { describe, expect, it, vi } from 'vitest'

/** What an owner has given to be told of something. */
export type Watcher = () => unknown

/** Each by its name: has the watcher called once at least. */
export interface Watchers {
  readonly [name: string]: (watcher: Watcher) => Promise<unknown>
}

/** Tries each of them with a watcher that throws, and with one that rejects. */
export function tryWatchers(watchers: Watchers): void {
  describe.each(Object.keys(watchers))('a watcher: %s', name => {
    it.each<readonly [string, Watcher]>([
      [
        'throws',
        () => {
          throw new Error('the log is away')
        },
      ],
      ['rejects', async () => Promise.reject(new Error('the log is away'))],
    ])('that %s changes nothing, and does not end the process', async (_what, watcher) => {
      const unhandled = vi.fn()
      const watched = vi.fn(watcher)
      process.on('unhandledRejection', unhandled)
      process.on('uncaughtException', unhandled)
      try {
        await watchers[name]?.(watched)
        await new Promise(setImmediate)
      } finally {
        process.off('unhandledRejection', unhandled)
        process.off('uncaughtException', unhandled)
      }
      expect(watched).toHaveBeenCalled()
      expect(unhandled).not.toHaveBeenCalled()
    })
  })
}
