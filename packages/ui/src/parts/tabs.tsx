interface TabsProps<Name extends string> {
  readonly label: string
  readonly names: readonly Name[]
  readonly chosen: Name
  readonly onChoose: (name: Name) => void
  /** The id of what the tabs change. */
  readonly panel: string
}

/** Tabs as the ARIA pattern has them: arrow keys move, one is in the tab order. */
export function Tabs<Name extends string>({ label, names, chosen, onChoose, panel }: TabsProps<Name>) {
  const move = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    const next = names[(names.indexOf(chosen) + step + names.length) % names.length]
    if (step === 0 || next === undefined) return
    onChoose(next)
    const list = (event.currentTarget as HTMLElement).parentElement
    ;(list?.children[names.indexOf(next)] as HTMLElement | undefined)?.focus()
  }
  return (
    <div class="tabs" role="tablist" aria-label={label}>
      {names.map(name => (
        <button
          type="button"
          key={name}
          role="tab"
          aria-selected={name === chosen}
          aria-controls={panel}
          tabIndex={name === chosen ? 0 : -1}
          onClick={() => onChoose(name)}
          onKeyDown={move}
        >
          {name}
        </button>
      ))}
    </div>
  )
}
