import type { AdministratorView } from '@countersign/server'
import { useState } from 'preact/hooks'
import type { Api, ShownToken, SignedIn } from '../api.ts'
import { organisationName } from '../choices/choices.ts'
import { ListWithDetails } from '../frame/list-with-details.tsx'
import { Problem, useLoaded } from '../frame/loaded.tsx'
import { momentText } from '../frame/moments.tsx'
import type { Column } from '../frame/table.tsx'
import { useAsk } from '../navigation/asking.tsx'
import { Link, useNavigation } from '../navigation/navigation.tsx'
import { AdministratorForm } from './administrator-form.tsx'
import { RenewForm } from './renew-form.tsx'
import { ShownTokenPanel } from './shown-token.tsx'

interface AdministratorsViewProps {
  readonly api: Api
  /** Who is signed in. */
  readonly self: SignedIn['administrator']
}

/** Who administers what, and until when their tokens are good. */
export function AdministratorsView({ api, self }: AdministratorsViewProps) {
  const { place, go } = useNavigation()
  const [shown, setShown] = useState<ShownToken>()
  const list = useLoaded(api.administrators)
  const organisations = useLoaded(api.organisations)
  const mayChange = self.role !== 'auditor'
  const reachOf = ({ organisationId }: AdministratorView): string =>
    organisationId === null ? 'all' : organisationName(organisations.value ?? [], organisationId)
  const columns: readonly Column<AdministratorView>[] = [
    { title: 'Role', cell: ({ role }) => role },
    { title: 'Organisation', cell: reachOf },
    { title: 'Token ends', cell: ({ expiresAt }) => momentText(expiresAt) },
    { title: 'State', cell: administrator => <State of={administrator} /> },
  ]
  const chosen = list.value?.find(({ id }) => id === place.id)
  const close = (): void => go({ view: 'Administrators' })
  const made = (one: ShownToken): void => {
    setShown(one)
    void list.reload()
    go({ view: 'Administrators', id: one.administrator.id }, true)
  }
  const disable = (id: string): Promise<void> =>
    list.take(async () => {
      await api.disableAdministrator(id)
      return await api.administrators()
    })
  return (
    <ListWithDetails
      view="Administrators"
      one="Administrator"
      list={list}
      rowsOf={rows => rows}
      columns={columns}
      controls={
        <div class="row">
          {mayChange && (
            <Link class="main" to={{ view: 'Administrators', form: 'new' }}>
              New administrator
            </Link>
          )}
          <Link class="button" to={{ view: 'Administrators', form: 'renewal' }}>
            Renew my token
          </Link>
        </div>
      }
      empty="There are no administrators that you may see."
      nothing="A token ends by itself. Renew yours before it does; the old one stays good for an hour at most."
    >
      {place.form === 'renewal' && <RenewForm api={api} onRenewed={made} onCancel={close} />}
      {place.form === 'new' && mayChange && organisations.value !== undefined && (
        <AdministratorForm
          api={api}
          isOperator={self.role === 'operator'}
          organisations={organisations.value}
          onMade={made}
          onCancel={close}
        />
      )}
      <Problem text={organisations.error} />
      {shown !== undefined && shown.administrator.id === place.id && <ShownTokenPanel shown={shown} onDone={() => setShown(undefined)} />}
      {chosen !== undefined && (
        <AdministratorPanel
          of={chosen}
          reach={reachOf(chosen)}
          mayDisable={mayChange && chosen.id !== self.id}
          onDisabled={() => void disable(chosen.id)}
        />
      )}
      {list.value !== undefined && chosen === undefined && place.id !== undefined && shown === undefined && (
        <Problem text={`There is no administrator ${place.id}.`} />
      )}
    </ListWithDetails>
  )
}

interface AdministratorPanelProps {
  readonly of: AdministratorView
  /** In which organisation. */
  readonly reach: string
  readonly mayDisable: boolean
  readonly onDisabled: () => void
}

function AdministratorPanel({ of, reach, mayDisable, onDisabled }: AdministratorPanelProps) {
  const ask = useAsk()
  const { id, name, role, expiresAt, disabled } = of
  return (
    <section class="panel" aria-label={`Administrator ${name}`}>
      <div class="row">
        <h2>{name}</h2>
        <State of={of} />
      </div>
      <code>{id}</code>
      <dl>
        <dt>Role</dt>
        <dd>{role}</dd>
        <dt>Organisation</dt>
        <dd>{reach}</dd>
        <dt>Token ends</dt>
        <dd>{momentText(expiresAt)}</dd>
      </dl>
      {mayDisable && !disabled && (
        <div class="row ends">
          <button
            type="button"
            onClick={() => ask({ text: `${name} can't be enabled again.`, yes: `Disable ${name} for good`, no: 'Keep', onYes: onDisabled })}
          >
            Disable…
          </button>
        </div>
      )}
    </section>
  )
}

function State({ of: { expiresAt, disabled } }: { readonly of: AdministratorView }) {
  const state = disabled ? 'disabled' : expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'active'
  return <span class={`state ${state}`}>{state}</span>
}
