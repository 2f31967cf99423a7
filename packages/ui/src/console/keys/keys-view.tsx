import type { KeyPage, KeyView, ShownKey } from '@countersign/server'
import { endOfKey } from '@countersign/server/key-end'
import { useState } from 'preact/hooks'
import { Choice, Field } from '../../parts/field.tsx'
import type { Api } from '../api.ts'
import { useChoices } from '../choices/choices.ts'
import { ListWithDetails } from '../frame/list-with-details.tsx'
import { SEARCH_DELAY_MS, Show, useLoaded } from '../frame/loaded.tsx'
import { momentText } from '../frame/moments.tsx'
import type { Column } from '../frame/table.tsx'
import { Link, useNavigation } from '../navigation/navigation.tsx'
import { CreateForm } from './create-form.tsx'
import { KeyPanel } from './key-panel.tsx'
import { ShownSecret } from './shown-secret.tsx'

const STATES = ['any', 'active', 'disabled', 'expired', 'revoked'] as const
const COLUMNS: readonly Column<KeyView>[] = [
  {
    title: 'State',
    cell: key => (
      <>
        <span class={`state ${key.state}`}>{key.state}</span>
        <span class="hint"> {endOfKey(key, Date.now())}</span>
        {key.secrets.length > 1 && <span class="hint"> two secrets</span>}
        {key.publicKeys.length > 1 && <span class="hint"> two public keys</span>}
      </>
    ),
  },
  { title: 'Permissions', cell: ({ permissions }) => permissions.join(', ') || 'none' },
  { title: 'Last used', cell: ({ lastUsedAt }) => momentText(lastUsedAt) },
]

/** The list of keys, and what is open beside it: a form for a new one, a secret that is shown once, or a key. */
export function KeysView({ api, mayChange }: { readonly api: Api; readonly mayChange: boolean }) {
  const { place, go, narrow } = useNavigation()
  const { id, filter = {} } = place
  const { search = '' } = filter
  const state = STATES.find(one => one === filter.state) ?? 'any'
  const [shown, setShown] = useState<ShownKey>()
  const choices = useChoices(api)
  const read = (cursor?: string): Promise<KeyPage> => api.list({ search, state: state === 'any' ? '' : state, cursor })
  const list = useLoaded(() => read(), [search, state], SEARCH_DELAY_MS)
  const next = list.value?.next ?? undefined

  const changed = (key: KeyView): void => list.change(page => ({ ...page, keys: page.keys.map(one => (one.id === key.id ? key : one)) }))
  const made = (one: ShownKey): void => {
    setShown(one)
    list.change(page => ({ ...page, keys: [one.key, ...page.keys.filter(({ id: known }) => known !== one.key.id)] }))
    go({ view: 'Keys', id: one.key.id, filter }, true)
  }
  const more = async (): Promise<KeyPage> => {
    const page = await read(next)
    return { ...page, keys: [...(list.value?.keys ?? []), ...page.keys] }
  }
  return (
    <ListWithDetails
      view="Keys"
      one="Key"
      list={list}
      rowsOf={page => page.keys}
      columns={COLUMNS}
      controls={
        <div class="filters">
          <Field name="search" label="Search" value={search} onChange={text => narrow({ search: text })} placeholder="name, id or label" />
          <Choice name="state" label="State" value={state} options={STATES} onChange={one => narrow({ state: one === 'any' ? '' : one })} />
          {mayChange && (
            <Link class="main" to={{ view: 'Keys', form: 'new', filter }}>
              New key
            </Link>
          )}
        </div>
      }
      more={
        next !== undefined && (
          <button type="button" onClick={() => void list.take(more)}>
            More
          </button>
        )
      }
      empty={search === '' && state === 'any' ? 'There are no keys yet: create the first one.' : 'No matching keys.'}
      nothing="Choose a key to see and change what it may do, to rotate or revoke it, and to see why its requests were refused."
    >
      <Show of={choices}>
        {known => (
          <>
            {place.form === 'new' && mayChange && (
              <CreateForm api={api} choices={known} onMade={made} onCancel={() => go({ view: 'Keys', filter })} />
            )}
            {shown !== undefined && shown.key.id === id && <ShownSecret shown={shown} onDone={() => setShown(undefined)} />}
            {id !== undefined && (
              <KeyPanel key={id} api={api} id={id} choices={known} mayChange={mayChange} onChanged={changed} onShown={made} />
            )}
          </>
        )}
      </Show>
    </ListWithDetails>
  )
}
