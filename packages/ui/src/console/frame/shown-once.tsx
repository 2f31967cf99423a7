import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { Copyable } from '../../parts/copyable.tsx'
import { useNavigation } from '../navigation/navigation.tsx'

interface ShownOnceProps {
  /** `The secret`. */
  readonly what: string
  /** Whose it is. */
  readonly of: string
  /** What can be taken along, by its label. */
  readonly texts: readonly (readonly [label: string, text: string])[]
  readonly children: ComponentChildren
  /** More buttons. */
  readonly buttons?: ComponentChildren
  /** It was taken, or left: it isn't to be shown again. */
  readonly onDone: () => void
}

/** What is shown this once. Leaving it is asked about, by a reload as well. */
export function ShownOnce({ what, of, texts, children, buttons, onDone }: ShownOnceProps) {
  const { hold } = useNavigation()
  useLayoutEffect(() => hold(`${what} of ${of} can't be shown again. Leave it?`), [what, of])
  useEffect(() => onDone, [])
  const section = useRef<HTMLElement>(null)
  useLayoutEffect(() => section.current?.focus(), [texts.map(([, text]) => text).join(' ')])
  const done = (): void => {
    section.current?.parentElement?.focus()
    onDone()
  }
  return (
    <section ref={section} class="shown" tabIndex={-1} aria-label={what}>
      <h2>
        {what} of {of}
      </h2>
      <p>{children}</p>
      {texts.map(([label, text]) => (
        <Copyable key={label} label={label} text={text} />
      ))}
      <div class="row">
        {buttons}
        <button type="button" class="main" onClick={done}>
          I have it
        </button>
      </div>
    </section>
  )
}
