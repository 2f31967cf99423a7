import { useState } from 'preact/hooks'
import { Field } from '../../parts/field.tsx'
import type { Api, ShownToken } from '../api.ts'
import { Form, missingText, useSending } from '../frame/form.tsx'

interface RenewFormProps {
  readonly api: Api
  readonly onRenewed: (shown: ShownToken) => void
  readonly onCancel: () => void
}

/** A new token for the one that one has. */
export function RenewForm({ api, onRenewed, onCancel }: RenewFormProps) {
  const [token, setToken] = useState('')
  const sending = useSending(async () => onRenewed(await api.renewToken(token.trim())))
  return (
    <Form
      title="Renew my token"
      sending={sending}
      act="Renew"
      missing={missingText(token.trim() === '' ? ['the token'] : [])}
      isErrorElsewhere
      isFocused
      onCancel={onCancel}
    >
      <Field
        name="current-token"
        label="Your token as it is now"
        kind="secret"
        value={token}
        onChange={setToken}
        error={sending.error}
        hint="It stays good for an hour at most, beside the new one."
      />
    </Form>
  )
}
