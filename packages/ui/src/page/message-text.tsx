import type { MessagePart } from 'countersign/explain'

const COLORS = 6

/** What the colours of a message stand for. */
export function MessageLegend({ parts }: { readonly parts: readonly MessagePart[] }) {
  return (
    <p class="hint">
      {parts.map(({ name }, index) => (
        <span key={index} class={`part part-${index % COLORS}`}>
          {name}
        </span>
      ))}
    </p>
  )
}

/** A message with each part in its colour. */
export function MessageText({ parts }: { readonly parts: readonly MessagePart[] }) {
  return (
    <>
      {parts.map(({ name, text }, index) => (
        <span key={index} class={`part part-${index % COLORS}`} title={name}>
          {text}
        </span>
      ))}
    </>
  )
}
