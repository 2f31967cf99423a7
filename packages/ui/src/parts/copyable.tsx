import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'

/** Text to take along, with the button that does. */
export function Copyable({
  label,
  text,
  children,
}: {
  readonly label: string
  readonly text: string
  readonly children?: ComponentChildren
}) {
  const [isCopied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), 1500)
  }
  return (
    <section class="copyable" aria-label={label}>
      <div class="row">
        <h3>{label}</h3>
        <button type="button" class="small" onClick={() => void copy()}>
          {isCopied ? 'Copied' : 'Copy'}
          <span class="unseen"> {label}</span>
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <pre tabIndex={0}>{children ?? text}</pre>
    </section>
  )
}
