import { type ComponentChildren, createContext } from 'preact'
import { useContext, useLayoutEffect, useRef, useState } from 'preact/hooks'

export interface Question {
  readonly text: string
  /** What the buttons say: the act, and its opposite. */
  readonly yes: string
  readonly no: string
  readonly onYes: () => void
}

/** Undefined takes back the question that is open, if one is: nothing is done. */
type Ask = (question: Question | undefined) => void

const Context = createContext<Ask | undefined>(undefined)

/** Asks before something that can't be undone. */
export function useAsk(): Ask {
  const ask = useContext(Context)
  if (ask === undefined) throw new TypeError('useAsk wants an Asking around it')
  return ask
}

export function Asking({ children }: { readonly children: ComponentChildren }) {
  const [question, setQuestion] = useState<Question>()
  return (
    <Context.Provider value={setQuestion}>
      {children}
      {question !== undefined && <Dialog question={question} onAnswered={() => setQuestion(undefined)} />}
    </Context.Provider>
  )
}

function Dialog({ question: { text, yes, no, onYes }, onAnswered }: { readonly question: Question; readonly onAnswered: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  // Closed before it goes, so that the focus goes back to where it was.
  useLayoutEffect(() => {
    const shown = dialog.current
    shown?.showModal()
    return () => shown?.close()
  }, [])
  const answer = (isYes: boolean): void => {
    onAnswered()
    if (isYes) onYes()
  }
  return (
    <dialog ref={dialog} aria-label="Are you sure?" onCancel={() => answer(false)}>
      <p>{text}</p>
      <div class="row">
        <button type="button" onClick={() => answer(false)}>
          {no}
        </button>
        <button type="button" class="danger" onClick={() => answer(true)}>
          {yes}
        </button>
      </div>
    </dialog>
  )
}
