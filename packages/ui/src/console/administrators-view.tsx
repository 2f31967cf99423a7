import type { AdministratorView, OrganisationView } from '@countersign/server'
import { useEffect, useState } from 'preact/hooks'
import { AdministratorForm } from './administrator-form.tsx'
import { type Api, messageOf, type ShownToken, type SignedIn } from './api.ts'
import { momentText } from './moments.tsx'
import { RenewForm } from './renew-form.tsx'
import { ShownTokenPanel } from './shown-token.tsx'

interface AdministratorsViewProps {
  readonly api: Api
  /** Who is signed in. */
  readonly self: SignedIn['administrator']
}

/** Who administers what, and until when their tokens are good. */
export function AdministratorsView({ api, self }: AdministratorsViewProps) {
  const [administrators, setAdministrators] = useState<readonly AdministratorView[]>([])
  const [organisations, setOrganisations] = useState<readonly OrganisationView[]>([])
  const [open, setOpen] = useState<'new' | 'renewal'>()
  const [asked, setAsked] = useState<string>()
  const [shown, setShown] = useState<ShownToken>()
  const [error, setError] = useState<string>()
  const mayChange = self.role !== 'auditor'

  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
      setAdministrators(await api.administrators())
      setError(undefined)
    } catch (refused) {
      setError(messageOf(refused))
    }
  }
  useEffect(() => void attempt(async () => setOrganisations(await api.organisations())), [])
  const made = (one: ShownToken): void => {
    setOpen(undefined)
    setShown(one)
    void attempt(() => Promise.resolve())
  }
  const disable = (id: string): void => {
    setAsked(undefined)
    void attempt(() => api.disableAdministrator(id))
  }
  return (
    <div class="console">
      <section aria-label="Administrators">
        <div class="row">
          {mayChange && (
            <button type="button" class="main" onClick={() => setOpen('new')}>
              New administrator
            </button>
          )}
          <button type="button" onClick={() => setOpen('renewal')}>
            Renew my token
          </button>
        </div>
        {error !== undefined && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
        <section class="scroll" tabIndex={0} aria-label="List of administrators">
          <table>
            <thead>
              <tr>
                <th scope="col">Administrator</th>
                <th scope="col">Role</th>
                <th scope="col">Organisation</th>
                <th scope="col">Token ends</th>
                <th scope="col">State</th>
              </tr>
            </thead>
            <tbody>
              {administrators.map(({ id, name, role, organisationId, expiresAt, disabled }) => (
                <tr key={id}>
                  <td>
                    {name}
                    <br />
                    <code>{id}</code>
                  </td>
                  <td>{role}</td>
                  <td>{organisationId ?? 'all'}</td>
                  <td>{momentText(expiresAt)}</td>
                  <td>
                    <StateOf expiresAt={expiresAt} isDisabled={disabled} />
                    {mayChange && !disabled && id !== self.id && (
                      <div class="row">
                        {asked === id ? (
                          <>
                            <button type="button" class="small danger" onClick={() => disable(id)}>
                              Disable {name} for good
                            </button>
                            <button type="button" class="small" onClick={() => setAsked(undefined)}>
                              Keep
                            </button>
                          </>
                        ) : (
                          <button type="button" class="small" onClick={() => setAsked(id)}>
                            Disable…<span class="unseen"> {name}</span>
                          </button>
                        )}
                      </div>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </section>
      <div>
        {shown !== undefined && <ShownTokenPanel shown={shown} onDone={() => setShown(undefined)} />}
        {open === 'renewal' && <RenewForm api={api} onRenewed={made} onCancel={() => setOpen(undefined)} />}
        {open === 'new' && (
          <AdministratorForm
            api={api}
            isOperator={self.role === 'operator'}
            organisations={organisations}
            onMade={made}
            onCancel={() => setOpen(undefined)}
          />
        )}
        {open === undefined && shown === undefined && (
          <p class="empty">A token ends by itself. Renew yours before it does; the old one stays good for an hour at most.</p>
        )}
      </div>
    </div>
  )
}

function StateOf({ expiresAt, isDisabled }: { readonly expiresAt: string | null; readonly isDisabled: boolean }) {
  const state = isDisabled ? 'disabled' : expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'active'
  return <span class={`state ${state}`}>{state}</span>
}
