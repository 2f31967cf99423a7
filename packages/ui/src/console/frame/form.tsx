import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { messageOf } from '../api.ts'
import { type Question, useAsk } from '../navigation/asking.tsx'
import { Problem } from './loaded.tsx'

/** The sending of a form: what is refused of it stands there until something in the form changes. */
export interface Sending {
  readonly error: string | undefined
  readonly isDone: boolean
  readonly isBusy: boolean
  /** Forgets what was refused. */
  clear(): void
  /** For the form itself. */
  readonly handlers: { readonly onSubmit: (event: Event) => void; readonly onInput: () => void }
}

/** @param question what is asked first, where that is needed */
export function useSending(send: () => Promise<unknown>, question?: () => Omit<Question, 'onYes'> | undefined): Sending {
  const ask = useAsk()
  const [error, setError] = useState<string>()
  const [isDone, setDone] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const submit = async (): Promise<void> => {
    if (isBusy) return
    setBusy(true)
    try {
      await send()
      setError(undefined)
      setDone(true)
    } catch (refused) {
      setError(messageOf(refused))
    } finally {
      setBusy(false)
    }
  }
  const clear = (): void => {
    setError(undefined)
    setDone(false)
  }
  return {
    error,
    isDone,
    isBusy,
    clear,
    handlers: {
      onSubmit(event) {
        event.preventDefault()
        const asked = question?.()
        if (asked === undefined) void submit()
        else ask({ ...asked, onYes: () => void submit() })
      },
      onInput: clear,
    },
  }
}

interface FormProps {
  readonly title: string
  readonly sending: Sending
  /** What its button says. Left out: it only shows. */
  readonly act?: string | undefined
  readonly isReady?: boolean
  /** Where a field shows the error itself. */
  readonly isErrorElsewhere?: boolean
  /** Whether its first field takes the focus. */
  readonly isFocused?: boolean
  readonly onCancel?: (() => void) | undefined
  /** What the button for that says. Default: Cancel. */
  readonly cancel?: string
  readonly children: ComponentChildren
}

/** A form in its frame: title, fields, what is wrong, and its buttons. */
export function Form(props: FormProps) {
  const { title, sending, act, isReady = true, isErrorElsewhere = false, isFocused = false, onCancel, cancel = 'Cancel', children } = props
  const form = useRef<HTMLFormElement>(null)
  useLayoutEffect(() => {
    if (isFocused) form.current?.querySelector<HTMLElement>('input, select, textarea')?.focus()
  }, [])
  return (
    <form ref={form} aria-label={title} {...sending.handlers}>
      <fieldset disabled={act === undefined}>
        <legend>{title}</legend>
        {children}
        {!isErrorElsewhere && <Problem text={sending.error} />}
        {act !== undefined && (
          <div class="row">
            <button type="submit" class="main" disabled={!isReady || sending.isBusy}>
              {act}
            </button>
            {onCancel !== undefined && (
              <button type="button" onClick={onCancel}>
                {cancel}
              </button>
            )}
          </div>
        )}
      </fieldset>
    </form>
  )
}
