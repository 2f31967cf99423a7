import { useEffect, useState } from 'preact/hooks'
import { Field } from '../../parts/field.tsx'
import { Title } from '../../parts/title.tsx'
import type { Api, SignedIn } from '../api.ts'
import { Form, missingText, useSending } from '../frame/form.tsx'
import { Problem } from '../frame/loaded.tsx'
import { usePageTitle } from '../navigation/page-title.ts'
import { keepAddress } from './sign-in-elsewhere.ts'

interface SignInProps {
  readonly api: Api
  /** What went wrong with a sign-in elsewhere. */
  readonly problem: string | undefined
  readonly onSignedIn: (signedIn: SignedIn) => void
}

export function SignIn({ api, problem, onSignedIn }: SignInProps) {
  usePageTitle('Sign in')
  const [token, setToken] = useState('')
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
          <a class="main" href="/admin/v1/session/oidc" onClick={keepAddress}>
            Sign in with your organisation's account
          </a>
        </p>
      ) : null}
      <Form
        title={hasProvider ? 'Or with a token' : 'Sign in'}
        sending={sending}
        act="Sign in"
        missing={missingText(token.trim() === '' ? ['the token'] : [])}
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
