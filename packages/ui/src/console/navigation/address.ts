/** The console's views, in the order of their tabs. */
export const VIEWS = ['Keys', 'Organisations', 'Administrators', 'Audit'] as const
export type View = (typeof VIEWS)[number]

/** The forms of each view. */
export const FORMS = { Keys: ['new'], Organisations: [], Administrators: ['new', 'renewal'], Audit: [] } as const

/** By what the list of a view can be narrowed. */
export const FILTERS = { Keys: ['search', 'state'], Organisations: [], Administrators: [], Audit: ['about'] } as const
export type Filter = { readonly [name in (typeof FILTERS)[View][number]]?: string }

type FormPlace = { [view in View]: { readonly view: view; readonly form: (typeof FORMS)[view][number]; readonly id?: never } }[View]

/** A place in the console: a view's list, one thing of it in detail, or a form; and what the list is narrowed to. */
export type Place = { readonly filter?: Filter } & (
  | { readonly view: View; readonly id?: never; readonly form?: never }
  | { readonly view: View; readonly id: string; readonly form?: never }
  | FormPlace
)

/**
 * A place as it stands in the address, after `#`: `#/keys`, `#/keys/csk_…`, `#/keys?new`, `#/keys?state=revoked`. An id
 * is escaped, so no id can be taken for a form.
 */
export function addressOf({ view, id, form, filter = {} }: Place): string {
  const narrowed = new URLSearchParams(kept(view, name => filter[name])).toString()
  const query = [form ?? '', narrowed].filter(text => text !== '').join('&')
  return `#/${view.toLowerCase()}${id === undefined ? '' : `/${encodeURIComponent(id)}`}${query === '' ? '' : `?${query}`}`
}

/** The place that an address names; for any other address, the keys. */
export function placeOf(hash: string): Place {
  const [, name, escaped, query = ''] = /^#\/([a-z]+)(?:\/([^/?#]+))?(?:\?(.*))?$/s.exec(hash) ?? []
  const view = VIEWS.find(one => one.toLowerCase() === name)
  if (view === undefined) return { view: 'Keys' }
  const id = escaped === undefined ? undefined : unescaped(escaped)
  const asked = new URLSearchParams(query)
  const found = kept(view, one => asked.get(one) ?? undefined)
  const narrowed = Object.keys(found).length === 0 ? {} : { filter: found }
  if (id !== undefined) return { view, id, ...narrowed }
  const form = formOf(view, query.split('&')[0] ?? '')
  return { ...(form ?? { view }), ...narrowed }
}

/** Of the view's filters, those that there is something of. */
function kept(view: View, readOf: (name: keyof Filter) => string | undefined): Filter & Record<string, string> {
  const pairs = FILTERS[view].flatMap((name): [string, string][] => {
    const value = readOf(name) ?? ''
    return value === '' ? [] : [[name, value]]
  })
  return Object.fromEntries(pairs)
}

function formOf(view: View, name: string): FormPlace | undefined {
  const forms: readonly string[] = FORMS[view]
  return forms.includes(name) ? ({ view, form: name } as FormPlace) : undefined
}

function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
