import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
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
  /** What has to be given before it can be sent; undefined: nothing. */
  readonly missing?: string | undefined
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
  const { title, sending, act, missing, isErrorElsewhere = false, isFocused = false, onCancel, cancel = 'Cancel', children } = props
  const form = useRef<HTMLFormElement>(null)
  const name = useId()
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
            <button
              type="submit"
              class="main"
              disabled={missing !== undefined || sending.isBusy}
              aria-describedby={missing === undefined ? undefined : `${name}-missing`}
            >
              {act}
            </button>
            {onCancel !== undefined && (
              <button type="button" onClick={onCancel}>
                {cancel}
              </button>
            )}
            {missing !== undefined && (
              <p class="hint" id={`${name}-missing`}>
                {missing}
              </p>
            )}
          </div>
        )}
      </fieldset>
    </form>
  )
}

/** @returns `It needs a name and addresses.`; undefined where nothing is missing */
export function missingText(missing: readonly string[]): string | undefined {
  return missing.length === 0 ? undefined : `It needs ${missing.join(' and ')}.`
}
