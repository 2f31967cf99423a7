import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { messageOf } from '../api.ts'

/** For what is read anew while somebody types. */
export const SEARCH_DELAY_MS = 200

/** What is read from the server. After an error, the value that was there before stays. */
export interface Loaded<T> {
  readonly value: T | undefined
  readonly error: string | undefined
  /** Takes the value from elsewhere: from another call, or changed. Of several calls at once, the last one counts. */
  take(from: () => Promise<T>): Promise<void>
  change(by: (value: T) => T): void
  reload(): Promise<void>
}

/** @param by what it depends on; it is read again `delayMs` after a change of these */
export function useLoaded<T>(load: () => Promise<T>, by: readonly unknown[] = [], delayMs = 0): Loaded<T> {
  const [value, setValue] = useState<T>()
  const [error, setError] = useState<string>()
  const turn = useRef(0)
  const take = async (from: () => Promise<T>): Promise<void> => {
    const mine = ++turn.current
    try {
      const taken = await from()
      if (mine !== turn.current) return
      setValue(() => taken)
      setError(undefined)
    } catch (refused) {
      if (mine === turn.current) setError(messageOf(refused))
    }
  }
  const reload = (): Promise<void> => take(load)
  useEffect(() => {
    const timer = setTimeout(() => void reload(), delayMs)
    return () => clearTimeout(timer)
  }, by)
  const change = (by: (known: T) => T): void => setValue(known => (known === undefined ? known : by(known)))
  return { value, error, take, change, reload }
}

/** What went wrong, read out at once. */
export function Problem({ text }: { readonly text: string | undefined }) {
  if (text === undefined) return null
  return (
    <p class="error" role="alert">
      {text}
    </p>
  )
}

interface ShowProps<T> {
  readonly of: Loaded<T>
  readonly children: (value: T) => ComponentChildren
}

/** Shows what was read; until it is there, that it is awaited, or why it isn't there. */
export function Show<T>({ of: { value, error, reload }, children }: ShowProps<T>) {
  return (
    <>
      <Problem text={error} />
      {value !== undefined ? (
        children(value)
      ) : error === undefined ? (
        <p class="empty" aria-busy="true">
          Loading…
        </p>
      ) : (
        <button type="button" onClick={() => void reload()}>
          Try again
        </button>
      )}
    </>
  )
}
