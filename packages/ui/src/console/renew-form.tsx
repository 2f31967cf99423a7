import { useState } from 'preact/hooks'
import { Field } from '../parts/field.tsx'
import { type Api, messageOf, type ShownToken } from './api.ts'

interface RenewFormProps {
  readonly api: Api
  readonly onRenewed: (shown: ShownToken) => void
  readonly onCancel: () => void
}

/** A new token for the one that one has. */
export function RenewForm({ api, onRenewed, onCancel }: RenewFormProps) {
  const [token, setToken] = useState('')
  const [error, setError] = useState<string>()
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    try {
      onRenewed(await api.renewToken(token.trim()))
    } catch (refused) {
      setError(messageOf(refused))
    }
  }
  return (
    <form onSubmit={event => void submit(event)} aria-label="Renew my token">
      <fieldset>
        <legend>Renew my token</legend>
        <Field
          name="current-token"
          label="Your token as it is now"
          kind="secret"
          value={token}
          onChange={value => {
            setToken(value)
            setError(undefined)
          }}
          error={error}
          hint="It stays good for an hour at most, beside the new one."
        />
        <div class="row">
          <button type="submit" class="main" disabled={token.trim() === ''}>
            Renew
          </button>
          <button type="button" onClick={onCancel}>
            Cancel
          </button>
        </div>
      </fieldset>
    </form>
  )
}
