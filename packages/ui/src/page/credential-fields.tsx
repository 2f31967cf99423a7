import { describeScheme } from 'countersign'
import { SCHEMES, schemeNamed } from 'countersign/schemes'
import { Choice, Field } from '../parts/field.tsx'
import type { CredentialState } from './credentials.ts'

interface CredentialFieldsProps {
  readonly view: string
  readonly credentials: CredentialState
  readonly errors: { readonly [field: string]: string | undefined }
  readonly schemes?: readonly string[] | undefined
}

export function CredentialFields({ view, credentials, errors, schemes = SCHEMES.map(({ name }) => name) }: CredentialFieldsProps) {
  const { values, set, isKept, keep } = credentials
  const scheme = schemeNamed(values.scheme)
  if (scheme === undefined) return null
  return (
    <fieldset>
      <legend>Who signs</legend>
      <Choice
        name={`${view}-scheme`}
        label="Scheme"
        value={values.scheme}
        options={schemes}
        onChange={name => set({ scheme: name })}
        hint={`signs ${describeScheme(scheme).message}`}
      />
      {scheme.keyId !== 'none' && (
        <Field name={`${view}-key`} label="API key" value={values.keyId} onChange={keyId => set({ keyId })} error={errors['keyId']} />
      )}
      {scheme.keys !== 'key-pair' && (
        <Field
          name={`${view}-secret`}
          label="Secret"
          kind="secret"
          value={values.secret}
          onChange={secret => set({ secret })}
          error={errors['secret']}
          hint={describeScheme(scheme).key}
        />
      )}
      {scheme.keys === 'key-pair' && (
        <Field
          name={`${view}-private-key`}
          label="Private key"
          kind="area"
          value={values.privateKey}
          onChange={privateKey => set({ privateKey })}
          error={errors['privateKey']}
          hint="PEM, PKCS#8 or PKCS#1"
        />
      )}
      {scheme.hasPassphrase && (
        <Field
          name={`${view}-passphrase`}
          label="Passphrase"
          kind="secret"
          value={values.passphrase}
          onChange={passphrase => set({ passphrase })}
          error={errors['passphrase']}
        />
      )}
      <label class="check">
        <input type="checkbox" checked={isKept} onChange={event => keep(event.currentTarget.checked)} />
        Keep these until the tab is closed
      </label>
    </fieldset>
  )
}
