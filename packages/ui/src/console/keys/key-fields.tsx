import { Field } from '../../parts/field.tsx'
import type { KeyDraft } from './key-draft.ts'

interface FieldsProps {
  readonly draft: KeyDraft
  readonly onChange: (part: Partial<KeyDraft>) => void
}

export function NameField({ draft, onChange }: FieldsProps) {
  return <Field name="name" label="Name" value={draft.name} onChange={name => onChange({ name })} />
}

/** @param ranges within which the organisation's ceilings want the addresses */
export function AddressField({ draft, onChange, ranges }: FieldsProps & { readonly ranges: readonly string[] | undefined }) {
  const hint =
    ranges === undefined
      ? 'IP addresses and ranges, such as 10.0.0.0/8; empty: from anywhere.'
      : `IP addresses and ranges within ${ranges.join(', ')}: each key of this organisation needs some.`
  return <Field name="addresses" label="Addresses" value={draft.addresses} onChange={addresses => onChange({ addresses })} hint={hint} />
}

/** What narrows a key further, and what is written down about it. */
export function OtherFields({ draft, onChange }: FieldsProps) {
  return (
    <>
      <Field name="fund" label="Fund" value={draft.fundId} onChange={fundId => onChange({ fundId })} hint="Only this one; empty: all." />
      <Field
        name="wallet"
        label="Wallet"
        value={draft.walletId}
        onChange={walletId => onChange({ walletId })}
        hint="Only this one; empty: all."
      />
      <div class="field">
        <label for="expires">Expires</label>
        <input
          id="expires"
          name="expires"
          type="datetime-local"
          value={draft.expires}
          aria-describedby="expires-note"
          onInput={event => onChange({ expires: event.currentTarget.value })}
        />
        <p id="expires-note" class="hint">
          In your time; empty: never.
        </p>
      </div>
      <Field
        name="labels"
        label="Labels"
        kind="area"
        rows={2}
        value={draft.labels}
        onChange={labels => onChange({ labels })}
        hint="name=value, one a line."
      />
    </>
  )
}
