import { useEffect, useState } from 'preact/hooks'
import { Field } from '../../parts/field.tsx'
import { Title } from '../../parts/title.tsx'
import type { Api, SignedIn } from '../api.ts'
import { Form, useSending } from '../frame/form.tsx'
import { Problem } from '../frame/loaded.tsx'
import { usePageTitle } from '../navigation/page-title.ts'
import { takeSignInProblem } from './sign-in-problem.ts'

export function SignIn({ api, onSignedIn }: { readonly api: Api; readonly onSignedIn: (signedIn: SignedIn) => void }) {
  usePageTitle('Sign in')
  const [token, setToken] = useState('')
  const [problem] = useState(takeSignInProblem)
  const [hasProvider, setHasProvider] = useState(false)
  useEffect(() => {
    api.signInWays().then(
      ({ oidc }) => setHasProvider(oidc),
      () => undefined,
    )
  }, [api])
  const sending = useSending(async () => onSignedIn(await api.signIn(token.trim())))
  return (
    <main class="sign-in">
      <Title text="Countersign keys" />
      <Problem text={problem} />
      {hasProvider ? (
        <p>
          <a class="main" href="/admin/v1/session/oidc">
            Sign in with your organisation's account
          </a>
        </p>
      ) : null}
      <Form
        title={hasProvider ? 'Or with a token' : 'Sign in'}
        sending={sending}
        act="Sign in"
        isReady={token.trim() !== ''}
        isErrorElsewhere
        isFocused
      >
        <Field
          name="token"
          label="Administrator's token"
          kind="secret"
          value={token}
          onChange={setToken}
          error={sending.error}
          hint="It begins with csa_. The server prints the first one when it starts for the first time."
        />
      </Form>
    </main>
  )
}
