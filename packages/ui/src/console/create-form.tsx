import type { OrganisationView, Permission, ShownKey } from '@countersign/server'
import { DEFAULT_SCHEME_NAME } from 'countersign/schemes'
import { useState } from 'preact/hooks'
import { Choice, Field } from '../parts/field.tsx'
import { type Api, messageOf, type SchemeView } from './api.ts'
import { PermissionSwitches } from './permission-switches.tsx'

interface CreateFormProps {
  readonly api: Api
  readonly permissions: readonly Permission[]
  readonly schemes: readonly SchemeView[]
  /** For an operator, who has to say which. */
  readonly organisations: readonly OrganisationView[]
  readonly onMade: (shown: ShownKey) => void
  readonly onCancel: () => void
}

export function CreateForm({ api, permissions, schemes, organisations, onMade, onCancel }: CreateFormProps) {
  const [name, setName] = useState('')
  const [scheme, setScheme] = useState(DEFAULT_SCHEME_NAME)
  const [granted, setGranted] = useState<readonly string[]>([])
  const [publicKey, setPublicKey] = useState('')
  const [fundId, setFundId] = useState('')
  const [walletId, setWalletId] = useState('')
  const [addresses, setAddresses] = useState('')
  const [expires, setExpires] = useState('')
  const [organisation, setOrganisation] = useState(organisations[0]?.id ?? '')
  const [error, setError] = useState<string>()
  const keys = schemes.find(one => one.name === scheme)?.keys ?? 'secret'
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      const key = {
        name,
        scheme,
        permissions: [...granted],
        fundId,
        walletId,
        addresses: addresses.split(/[\s,]+/).filter(text => text !== ''),
        ...(expires === '' ? {} : { expiresAt: new Date(expires).toISOString() }),
        ...(keys === 'secret' || publicKey.trim() === '' ? {} : { publicKey }),
      }
      onMade(await api.create(key, organisations.length > 1 ? organisation : undefined))
    } catch (refused) {
      setError(messageOf(refused))
    }
  }
  return (
    <form onSubmit={event => void submit(event)} aria-label="New key">
      <fieldset>
        <legend>New key</legend>
        <Field name="name" label="Name" value={name} onChange={setName} />
        {organisations.length > 1 && (
          <Choice
            name="organisation"
            label="Organisation"
            value={organisation}
            options={organisations.map(({ id }) => id)}
            onChange={setOrganisation}
          />
        )}
        <Choice name="scheme" label="Scheme" value={scheme} options={schemes.map(one => one.name)} onChange={setScheme} />
        {keys !== 'secret' && (
          <Field
            name="public-key"
            label="Public key"
            kind="area"
            value={publicKey}
            onChange={setPublicKey}
            hint={`In PEM; the private key stays with its owner.${keys === 'either' ? ' Empty: a secret is made.' : ''}`}
          />
        )}
        <PermissionSwitches permissions={permissions} granted={granted} onChange={setGranted} />
        <details>
          <summary>Narrow it further</summary>
          <Field name="fund" label="Fund" value={fundId} onChange={setFundId} hint="Only this one; empty: all." />
          <Field name="wallet" label="Wallet" value={walletId} onChange={setWalletId} hint="Only this one; empty: all." />
          <Field
            name="addresses"
            label="Addresses"
            value={addresses}
            onChange={setAddresses}
            hint="IP addresses and ranges, such as 10.0.0.0/8; empty: from anywhere."
          />
          <div class="field">
            <label for="expires">Expires</label>
            <input
              id="expires"
              name="expires"
              type="datetime-local"
              value={expires}
              onInput={event => setExpires(event.currentTarget.value)}
            />
          </div>
        </details>
        {error !== undefined && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        <div class="row">
          <button type="submit" class="main" disabled={name.trim() === ''}>
            Make the key
          </button>
          <button type="button" onClick={onCancel}>
            Cancel
          </button>
        </div>
      </fieldset>
    </form>
  )
}
