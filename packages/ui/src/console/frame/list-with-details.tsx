import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { addressOf, type Place, type View } from '../navigation/address.ts'
import { Link, useNavigation } from '../navigation/navigation.tsx'
import { usePageTitle } from '../navigation/page-title.ts'
import { type Loaded, Show } from './loaded.tsx'
import { type Column, Table } from './table.tsx'

interface ListWithDetailsProps<Row, Page> {
  readonly view: View
  /** What a row is: `Key`. */
  readonly one: string
  readonly list: Loaded<Page>
  readonly rowsOf: (page: Page) => readonly Row[]
  /** Beside the first, which has name and id. */
  readonly columns: readonly Column<Row>[]
  /** What stands above the list. */
  readonly controls?: ComponentChildren
  /** What stands below the list. */
  readonly more?: ComponentChildren
  /** In the place of a list without rows. */
  readonly empty: string
  /** Where no details are open. */
  readonly nothing: string
  /** Of what is open. */
  readonly children: ComponentChildren
}

/**
 * A list, and the details of what is chosen in it, or a form. The focus goes to the details and back to where they were
 * opened. Where there is no room for both side by side, one of them is shown.
 */
export function ListWithDetails<Row extends { readonly id: string; readonly name: string }, Page>(props: ListWithDetailsProps<Row, Page>) {
  const { view, one, list, rowsOf, columns, controls, more, empty, nothing, children } = props
  const { place } = useNavigation()
  const isOpen = place.id !== undefined || place.form !== undefined
  const side = useRef<HTMLElement>(null)
  const details = useRef<HTMLElement>(null)
  const opened = useRef<Place | undefined>(undefined)
  const { filter = {} } = place
  const chosen = list.value === undefined ? undefined : rowsOf(list.value).find(({ id }) => id === place.id)
  usePageTitle(...titleOf(place, one, chosen?.name))
  useLayoutEffect(() => {
    if (isOpen) {
      opened.current = place
      // A form or a secret takes the focus itself.
      if (details.current?.contains(document.activeElement) === false) details.current.focus({ preventScroll: true })
      if (side.current?.checkVisibility() === false) details.current?.scrollIntoView()
    } else if (opened.current !== undefined) {
      const address = addressOf({ ...opened.current, filter })
      side.current?.querySelector<HTMLElement>(`a[href="${CSS.escape(address)}"]`)?.focus()
      opened.current = undefined
    }
  }, [place.view, place.id, place.form])
  const named: Column<Row> = {
    title: one,
    cell: ({ id, name }) => (
      <>
        <Link to={{ view, id, filter }} isOpen={place.id === id}>
          {name}
        </Link>
        <code class="id">{id}</code>
      </>
    ),
  }
  return (
    <div class={isOpen ? 'console open' : 'console'}>
      <section ref={side} class="side" aria-label={view}>
        {controls}
        <Show of={list}>
          {page => {
            const rows = rowsOf(page)
            if (rows.length === 0) return <p class="empty">{empty}</p>
            const label = `List of ${view.toLowerCase()}`
            return (
              <Table
                label={label}
                columns={[named, ...columns]}
                rows={rows}
                keyOf={({ id }) => id}
                isChosen={({ id }) => id === place.id}
              />
            )
          }}
        </Show>
        {more}
      </section>
      <section ref={details} class="details" tabIndex={-1} aria-label="Details">
        {isOpen ? (
          <>
            <Link class="back" to={{ view, filter }}>
              ← All {view.toLowerCase()}
            </Link>
            {children}
          </>
        ) : (
          <p class="empty">{nothing}</p>
        )}
      </section>
    </div>
  )
}

/** @param one what a row is: `Key` */
function titleOf({ view, id, form }: Place, one: string, name: string | undefined): readonly string[] {
  if (id !== undefined) return [name ?? id, view]
  return form === undefined ? [view] : [form === 'new' ? `New ${one.toLowerCase()}` : 'Renewal', view]
}
