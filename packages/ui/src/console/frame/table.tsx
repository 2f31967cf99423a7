import type { ComponentChildren } from 'preact'

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => ComponentChildren
}

/** More columns than these want the room of a whole page. */
const FEW = 5

interface TableProps<Row> {
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string | number
  readonly isChosen?: ((row: Row) => boolean) | undefined
}

/** A table. Where there is no room for its columns, each row is a card that says what each cell is. */
export function Table<Row>({ label, columns, rows, keyOf, isChosen }: TableProps<Row>) {
  return (
    <section class={columns.length > FEW ? 'list many' : 'list'} aria-label={label}>
      <table>
        <thead>
          <tr>
            {columns.map(({ title }) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={keyOf(row)} class={isChosen?.(row) === true ? 'chosen' : ''}>
              {columns.map(({ title, cell }) => (
                <td key={title} data-title={title}>
                  <div>{cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
