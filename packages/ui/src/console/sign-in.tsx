import { useEffect, useState } from 'preact/hooks'
import { Field } from '../parts/field.tsx'
import { Title } from '../parts/title.tsx'
import { type Api, messageOf, type SignedIn } from './api.ts'
import { takeSignInProblem } from './sign-in-problem.ts'

export function SignIn({ api, onSignedIn }: { readonly api: Api; readonly onSignedIn: (signedIn: SignedIn) => void }) {
  const [token, setToken] = useState('')
  const [error, setError] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const [problem] = useState(takeSignInProblem)
  const [hasProvider, setHasProvider] = useState(false)
  useEffect(() => {
    api.signInWays().then(
      ({ oidc }) => setHasProvider(oidc),
      () => undefined,
    )
  }, [api])
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    try {
      onSignedIn(await api.signIn(token.trim()))
    } catch (refused) {
      setError(messageOf(refused))
      setBusy(false)
    }
  }
  return (
    <main class="sign-in">
      <Title text="Countersign keys" />
      {problem === undefined ? null : (
        <p class="error" role="alert">
          {problem}
        </p>
      )}
      {hasProvider ? (
        <p>
          <a class="main" href="/admin/v1/session/oidc">
            Sign in with your organisation’s account
          </a>
        </p>
      ) : null}
      <form onSubmit={event => void submit(event)}>
        <fieldset>
          <legend>{hasProvider ? 'Or with a token' : 'Sign in'}</legend>
          <Field
            name="token"
            label="Administrator’s token"
            kind="secret"
            value={token}
            onChange={value => {
              setToken(value)
              setError(undefined)
            }}
            error={error}
            hint="It begins with csa_. The server prints the first one when it starts for the first time."
          />
          <button type="submit" class="main" disabled={token.trim() === '' || isBusy}>
            Sign in
          </button>
        </fieldset>
      </form>
    </main>
  )
}
