/** The console's views, in the order of their tabs. */
export const VIEWS = ['Keys', 'Organisations', 'Administrators', 'Audit'] as const
export type View = (typeof VIEWS)[number]

/** A place in the console. */
export interface Place {
  readonly view: View
  /** Of the key, organisation or administrator whose details are open. */
  readonly id?: string
  /** The form that is open instead. */
  readonly form?: string
}

/**
 * A place as it stands in the address, after `#`: `#/keys`, `#/keys/csk_…`, `#/keys?new`. An id is escaped, so no id
 * can be taken for a form.
 */
export function addressOf({ view, id, form }: Place): string {
  return `#/${view.toLowerCase()}${id === undefined ? '' : `/${encodeURIComponent(id)}`}${form === undefined ? '' : `?${form}`}`
}

/** The place that an address names; for any other address, the keys. */
export function placeOf(hash: string): Place {
  const [, name, escaped, form] = /^#\/([a-z]+)(?:\/([^/?#]+)|\?([a-z]+))?$/.exec(hash) ?? []
  const view = VIEWS.find(one => one.toLowerCase() === name)
  const id = escaped === undefined ? undefined : unescaped(escaped)
  if (view === undefined) return { view: 'Keys' }
  return { view, ...(id === undefined ? {} : { id }), ...(form === undefined ? {} : { form }) }
}

function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
