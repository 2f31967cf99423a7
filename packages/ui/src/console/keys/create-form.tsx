import type { ShownKey } from '@countersign/server'
import { useState } from 'preact/hooks'
import { Choice, Field } from '../../parts/field.tsx'
import type { Api } from '../api.ts'
import { type Choices, organisationName } from '../choices/choices.ts'
import { offeredPermissions, offeredSchemes, proposedScheme } from '../choices/offered.ts'
import { PermissionSwitches } from '../choices/permission-switches.tsx'
import { Form, missingText, useSending } from '../frame/form.tsx'
import { Show, useLoaded } from '../frame/loaded.tsx'
import { changesOf, EMPTY_DRAFT, type KeyDraft } from './key-draft.ts'
import { AddressField, NameField, OtherFields } from './key-fields.tsx'

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
  const [chosenScheme, setScheme] = useState<string>()
  const [draft, setDraft] = useState(EMPTY_DRAFT)
  const [publicKey, setPublicKey] = useState('')
  const [organisation, setOrganisation] = useState(organisations[0]?.id ?? '')
  const ceilings = organisations.find(({ id }) => id === organisation)?.ceilings
  const schemes = offeredSchemes(choices.schemes, ceilings)
  const scheme = schemes.find(one => one.name === chosenScheme)?.name ?? proposedScheme(schemes, lastScheme)
  const permissions = offeredPermissions(choices.permissions, ceilings)
  // Another organisation may forbid what was chosen for the one before.
  const granted = draft.permissions.filter(one => permissions?.some(offered => offered.name === one) !== false)
  const keys = schemes.find(one => one.name === scheme)?.keys ?? 'secret'
  const ranges = ceilings?.addresses
  const sending = useSending(async () => {
    const key = {
      ...changesOf(EMPTY_DRAFT, { ...draft, permissions: granted }),
      name: draft.name,
      scheme,
      ...(keys === 'secret' || publicKey.trim() === '' ? {} : { publicKey }),
    }
    onMade(await api.create(key, organisations.length > 1 ? organisation : undefined))
  })
  const change = (part: Partial<KeyDraft>): void => setDraft(known => ({ ...known, ...part }))
  const addressField = <AddressField draft={draft} onChange={change} ranges={ranges} />
  const missing = [
    draft.name.trim() === '' && 'a name',
    scheme === '' && 'a scheme',
    ranges !== undefined && draft.addresses.trim() === '' && 'addresses',
  ].filter(one => one !== false)
  return (
    <Form title="New key" sending={sending} act="Create the key" missing={missingText(missing)} isFocused onCancel={onCancel}>
      <NameField draft={draft} onChange={change} />
      {organisations.length > 1 && (
        <Choice
          name="organisation"
          label="Organisation"
          value={organisation}
          options={organisations.map(({ id }) => id)}
          nameOf={id => organisationName(organisations, id)}
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
      <PermissionSwitches permissions={permissions} granted={granted} onChange={chosen => change({ permissions: chosen })} />
      {choices.permissions.length > 0 && granted.length === 0 && (
        <p class="hint">Without a permission, the key opens only what needs none.</p>
      )}
      {ranges !== undefined && addressField}
      <details>
        <summary>Addresses, expiry and labels</summary>
        {ranges === undefined && addressField}
        <OtherFields draft={draft} onChange={change} />
      </details>
    </Form>
  )
}
