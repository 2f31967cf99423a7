import type { Ceilings, OrganisationView, Permission } from '@countersign/server'
import { useEffect, useState } from 'preact/hooks'
import { type Api, messageOf, type SchemeView } from './api.ts'
import { CeilingsForm } from './ceilings-form.tsx'

/** The organisations, and what the keys and administrators of each may be at most. */
export function OrganisationsView({ api, mayChange }: { readonly api: Api; readonly mayChange: boolean }) {
  const [organisations, setOrganisations] = useState<readonly OrganisationView[]>([])
  const [permissions, setPermissions] = useState<readonly Permission[]>([])
  const [schemes, setSchemes] = useState<readonly SchemeView[]>([])
  const [open, setOpen] = useState<string>()
  const [error, setError] = useState<string>()
  useEffect(() => {
    Promise.all([api.organisations().then(setOrganisations), api.permissions().then(setPermissions), api.schemes().then(setSchemes)]).catch(
      (refused: unknown) => setError(messageOf(refused)),
    )
  }, [])
  const chosen = organisations.find(({ id }) => id === open)
  const changed = (id: string, ceilings: Ceilings): void =>
    setOrganisations(known => known.map(one => (one.id === id ? { ...one, ceilings } : one)))
  return (
    <div class="console">
      <section aria-label="Organisations">
        {error !== undefined && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
        <section class="scroll" tabIndex={0} aria-label="List of organisations">
          <table>
            <thead>
              <tr>
                <th scope="col">Organisation</th>
                <th scope="col">Ceilings</th>
              </tr>
            </thead>
            <tbody>
              {organisations.map(({ id, name, ceilings }) => (
                <tr key={id} class={open === id ? 'chosen' : ''}>
                  <td>
                    <button type="button" class="link" aria-pressed={open === id} onClick={() => setOpen(id)}>
                      {name}
                    </button>
                    <br />
                    <code>{id}</code>
                  </td>
                  <td>{textOf(ceilings)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </section>
      <div>
        {chosen === undefined ? (
          <p class="empty">Choose an organisation to see what its keys and administrators may be at most.</p>
        ) : (
          <CeilingsForm
            key={chosen.id}
            api={api}
            organisation={chosen}
            permissions={permissions}
            schemes={schemes}
            mayChange={mayChange}
            onChanged={ceilings => changed(chosen.id, ceilings)}
          />
        )}
      </div>
    </div>
  )
}

function textOf({ permissions, schemes, addresses, maxKeys, maxAdministrators }: Ceilings): string {
  const listed = (what: string, names: readonly string[] | undefined): string =>
    names === undefined ? '' : `${what}: ${names.join(', ') || 'none'}`
  const parts = [
    listed('permissions', permissions),
    listed('schemes', schemes),
    listed('addresses', addresses),
    maxKeys === undefined ? '' : `${maxKeys} keys`,
    maxAdministrators === undefined ? '' : `${maxAdministrators} administrators`,
  ].filter(text => text !== '')
  return parts.join('; ') || 'none'
}
