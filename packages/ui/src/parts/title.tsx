/** The heading of a page, with the mark of the house. */
export function Title({ text }: { readonly text: string }) {
  return (
    <h1>
      <span aria-hidden="true" class="mark">
        ✓
      </span>
      {text}
    </h1>
  )
}
