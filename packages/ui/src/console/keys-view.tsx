import type { KeyView, OrganisationView, Permission, ShownKey } from '@countersign/server'
import { endOfKey } from '@countersign/server/key-end'
import { useEffect, useState } from 'preact/hooks'
import { Choice, Field } from '../parts/field.tsx'
import { type Api, messageOf, type SchemeView } from './api.ts'
import { CreateForm } from './create-form.tsx'
import { KeyPanel } from './key-panel.tsx'
import { momentText } from './moments.tsx'
import { ShownSecret } from './shown-secret.tsx'

interface KeysViewProps {
  readonly api: Api
  readonly mayChange: boolean
  readonly isOperator: boolean
}

const STATES = ['any', 'active', 'disabled', 'expired', 'revoked'] as const
const SEARCH_DELAY_MS = 200

/** The list of keys, and what is open beside it: a form for a new one, a secret that is shown once, or a key. */
export function KeysView({ api, mayChange, isOperator }: KeysViewProps) {
  const [search, setSearch] = useState('')
  const [state, setState] = useState<string>('any')
  const [keys, setKeys] = useState<readonly KeyView[]>([])
  const [next, setNext] = useState<string | null>(null)
  const [error, setError] = useState<string>()
  const [open, setOpen] = useState<string | 'new'>()
  const [shown, setShown] = useState<ShownKey>()
  const [permissions, setPermissions] = useState<readonly Permission[]>([])
  const [schemes, setSchemes] = useState<readonly SchemeView[]>([])
  const [organisations, setOrganisations] = useState<readonly OrganisationView[]>([])

  const load = async (cursor?: string): Promise<void> => {
    try {
      const page = await api.list({ search, ...(state === 'any' ? {} : { state }), ...(cursor === undefined ? {} : { cursor }) })
      setKeys(known => (cursor === undefined ? page.keys : [...known, ...page.keys]))
      setNext(page.next)
      setError(undefined)
    } catch (refused) {
      setError(messageOf(refused))
    }
  }
  useEffect(() => {
    const timer = setTimeout(() => void load(), SEARCH_DELAY_MS)
    return () => clearTimeout(timer)
  }, [search, state])
  useEffect(() => {
    Promise.all([
      api.permissions().then(setPermissions),
      api.schemes().then(setSchemes),
      isOperator ? api.organisations().then(setOrganisations) : undefined,
    ]).catch((refused: unknown) => setError(messageOf(refused)))
  }, [])

  const changed = (key: KeyView): void => setKeys(known => known.map(one => (one.id === key.id ? key : one)))
  const made = (one: ShownKey): void => {
    setShown(one)
    setOpen(one.key.id)
    setKeys(known => [one.key, ...known.filter(({ id }) => id !== one.key.id)])
  }
  return (
    <div class="console">
      <section aria-label="Keys">
        <div class="filters">
          <Field name="search" label="Search" value={search} onChange={setSearch} placeholder="name, id or label" />
          <Choice name="state" label="State" value={state} options={STATES} onChange={setState} />
          {mayChange && (
            <button type="button" class="main" onClick={() => setOpen('new')}>
              New key
            </button>
          )}
        </div>
        {error !== undefined && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        {keys.length === 0 ? (
          <p class="empty">{search === '' && state === 'any' ? 'There are no keys yet: make the first one.' : 'No matching keys.'}</p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
          <section class="scroll" tabIndex={0} aria-label="List of keys">
            <table>
              <thead>
                <tr>
                  <th scope="col">Key</th>
                  <th scope="col">State</th>
                  <th scope="col">Permissions</th>
                  <th scope="col">Last used</th>
                </tr>
              </thead>
              <tbody>
                {keys.map(key => (
                  <tr key={key.id} class={open === key.id ? 'chosen' : ''}>
                    <td>
                      <button type="button" class="link" aria-pressed={open === key.id} onClick={() => setOpen(key.id)}>
                        {key.name}
                      </button>
                      <br />
                      <code>{key.id}</code>
                    </td>
                    <td>
                      <span class={`state ${key.state}`}>{key.state}</span>
                      <span class="hint"> {endOfKey(key, Date.now())}</span>
                      {key.secrets.length > 1 && <span class="hint"> two secrets</span>}
                      {key.publicKeys.length > 1 && <span class="hint"> two public keys</span>}
                    </td>
                    <td>{key.permissions.join(', ') || 'none'}</td>
                    <td>{momentText(key.lastUsedAt)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        )}
        {next !== null && (
          <button type="button" onClick={() => void load(next)}>
            More
          </button>
        )}
      </section>
      <div>
        {open === 'new' && (
          <CreateForm
            api={api}
            permissions={permissions}
            schemes={schemes}
            organisations={organisations}
            onMade={made}
            onCancel={() => setOpen(undefined)}
          />
        )}
        {shown !== undefined && shown.key.id === open && <ShownSecret shown={shown} onDone={() => setShown(undefined)} />}
        {open !== undefined && open !== 'new' && (
          <KeyPanel key={open} api={api} id={open} permissions={permissions} mayChange={mayChange} onChanged={changed} onShown={made} />
        )}
        {open === undefined && (
          <p class="empty">Choose a key to see what it may do, rotate or revoke it, and why its requests were refused.</p>
        )}
      </div>
    </div>
  )
}
