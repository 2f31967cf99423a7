import type { ShownKey } from '@countersign/server'
import { useState } from 'preact/hooks'
import { Choice, Field } from '../../parts/field.tsx'
import type { Api } from '../api.ts'
import type { Choices } from '../choices/choices.ts'
import { offeredPermissions, offeredSchemes, proposedScheme } from '../choices/offered.ts'
import { PermissionSwitches } from '../choices/permission-switches.tsx'
import { Form, useSending } from '../frame/form.tsx'
import { Show, useLoaded } from '../frame/loaded.tsx'

interface CreateFormProps {
  readonly api: Api
  readonly choices: Choices
  readonly onMade: (shown: ShownKey) => void
  readonly onCancel: () => void
}

/** A form for a new key, with the scheme of the last one. */
export function CreateForm(props: CreateFormProps) {
  const last = useLoaded(() => props.api.list({ limit: 1 }))
  return <Show of={last}>{({ keys: [key] }) => <FilledForm {...props} lastScheme={key?.scheme} />}</Show>
}

function FilledForm({ api, choices, lastScheme, onMade, onCancel }: CreateFormProps & { readonly lastScheme: string | undefined }) {
  const { organisations } = choices
  const [name, setName] = useState('')
  const [chosenScheme, setScheme] = useState<string>()
  const [chosen, setGranted] = useState<readonly string[]>([])
  const [publicKey, setPublicKey] = useState('')
  const [fundId, setFundId] = useState('')
  const [walletId, setWalletId] = useState('')
  const [addresses, setAddresses] = useState('')
  const [expires, setExpires] = useState('')
  const [organisation, setOrganisation] = useState(organisations[0]?.id ?? '')
  const ceilings = organisations.find(({ id }) => id === organisation)?.ceilings
  const schemes = offeredSchemes(choices.schemes, ceilings)
  const scheme = schemes.find(one => one.name === chosenScheme)?.name ?? proposedScheme(schemes, lastScheme)
  const permissions = offeredPermissions(choices.permissions, ceilings)
  // Another organisation may forbid what was chosen for the one before.
  const granted = chosen.filter(one => permissions?.some(offered => offered.name === one) !== false)
  const keys = schemes.find(one => one.name === scheme)?.keys ?? 'secret'
  const ranges = ceilings?.addresses
  const sending = useSending(async () => {
    const key = {
      name,
      scheme,
      permissions: granted,
      fundId,
      walletId,
      addresses: addresses.split(/[\s,]+/).filter(text => text !== ''),
      ...(expires === '' ? {} : { expiresAt: new Date(expires).toISOString() }),
      ...(keys === 'secret' || publicKey.trim() === '' ? {} : { publicKey }),
    }
    onMade(await api.create(key, organisations.length > 1 ? organisation : undefined))
  })
  const addressField = (
    <Field
      name="addresses"
      label="Addresses"
      value={addresses}
      onChange={setAddresses}
      hint={
        ranges === undefined
          ? 'IP addresses and ranges, such as 10.0.0.0/8; empty: from anywhere.'
          : `IP addresses and ranges within ${ranges.join(', ')}: keys of this organisation are bound to some.`
      }
    />
  )
  const isReady = name.trim() !== '' && scheme !== '' && (ranges === undefined || addresses.trim() !== '')
  return (
    <Form title="New key" sending={sending} act="Make the key" isReady={isReady} isFocused onCancel={onCancel}>
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
      {ranges !== undefined && addressField}
      <details>
        <summary>Narrow it further</summary>
        <Field name="fund" label="Fund" value={fundId} onChange={setFundId} hint="Only this one; empty: all." />
        <Field name="wallet" label="Wallet" value={walletId} onChange={setWalletId} hint="Only this one; empty: all." />
        {ranges === undefined && addressField}
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
    </Form>
  )
}
