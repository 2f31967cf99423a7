import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Tabs } from '../parts/tabs.tsx'
import { Title } from '../parts/title.tsx'
import { AdministratorsView } from './administrators/administrators-view.tsx'
import { type Api, createApi, type SignedIn } from './api.ts'
import { AuditView } from './audit/audit-view.tsx'
import { KeysView } from './keys/keys-view.tsx'
import { VIEWS } from './navigation/address.ts'
import { Asking } from './navigation/asking.tsx'
import { Navigation, useNavigation } from './navigation/navigation.tsx'
import { OrganisationsView } from './organisations/organisations-view.tsx'
import { SignIn } from './sign-in/sign-in.tsx'
import { takeSignInAnswer } from './sign-in/sign-in-elsewhere.ts'

export function App() {
  const [signedIn, setSignedIn] = useState<SignedIn>()
  const [isAsked, setAsked] = useState(false)
  const [problem, setProblem] = useState(takeSignInAnswer)
  const signedOut = (): void => setSignedIn(undefined)
  // What is on the page may have to be asked about first.
  const onEnded = useRef(signedOut)
  const api = useMemo(() => createApi(() => onEnded.current()), [])
  const begin = (one: SignedIn): void => {
    setProblem(undefined)
    setSignedIn(one)
  }
  useEffect(() => {
    api
      .resume()
      .then(setSignedIn, () => undefined)
      .finally(() => setAsked(true))
  }, [api])
  if (!isAsked) return <main aria-busy="true" />
  return (
    <Asking>
      {signedIn === undefined ? (
        <SignIn api={api} problem={problem} onSignedIn={begin} />
      ) : (
        <Navigation>
          <Views api={api} self={signedIn.administrator} onSignedOut={signedOut} onEnded={onEnded} />
        </Navigation>
      )}
    </Asking>
  )
}

interface ViewsProps {
  readonly api: Api
  readonly self: SignedIn['administrator']
  readonly onSignedOut: () => void
  /** What is done when the session is found to have ended. */
  readonly onEnded: { current: () => void }
}

function Views({ api, self, onSignedOut, onEnded }: ViewsProps) {
  const { place, go, leave } = useNavigation()
  const { name, role } = self
  useLayoutEffect(() => {
    onEnded.current = () => leave(onSignedOut, 'Your session has ended. ')
    return () => {
      onEnded.current = onSignedOut
    }
  })
  const { view } = place
  const panel = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    if (document.activeElement === document.body) panel.current?.focus()
  }, [])
  return (
    <>
      <header class="top">
        <Title text="Countersign keys" />
        <Tabs label="View" names={VIEWS} chosen={view} onChoose={chosen => go({ view: chosen })} panel="view" />
        <div class="who">
          <span>
            {name}, {role}
          </span>
          <button type="button" class="small" onClick={() => leave(() => void api.signOut().finally(onSignedOut))}>
            Sign out
          </button>
        </div>
      </header>
      <main>
        <div ref={panel} id="view" role="tabpanel" tabIndex={-1} aria-label={view}>
          {view === 'Keys' && <KeysView api={api} mayChange={role !== 'auditor'} />}
          {view === 'Organisations' && <OrganisationsView api={api} mayChange={role === 'operator'} />}
          {view === 'Administrators' && <AdministratorsView api={api} self={self} />}
          {view === 'Audit' && <AuditView api={api} />}
        </div>
      </main>
    </>
  )
}
