import { useEffect, useMemo, useState } from 'preact/hooks'
import { Tabs } from '../parts/tabs.tsx'
import { Title } from '../parts/title.tsx'
import { AdministratorsView } from './administrators-view.tsx'
import { createApi, type SignedIn } from './api.ts'
import { AuditView } from './audit-view.tsx'
import { KeysView } from './keys-view.tsx'
import { OrganisationsView } from './organisations-view.tsx'
import { SignIn } from './sign-in.tsx'

const VIEWS = ['Keys', 'Organisations', 'Administrators', 'Audit'] as const

export function App() {
  const [signedIn, setSignedIn] = useState<SignedIn>()
  const [isAsked, setAsked] = useState(false)
  const [view, setView] = useState<(typeof VIEWS)[number]>('Keys')
  const api = useMemo(() => createApi(() => setSignedIn(undefined)), [])
  useEffect(() => {
    api
      .resume()
      .then(setSignedIn, () => undefined)
      .finally(() => setAsked(true))
  }, [api])
  if (!isAsked) return <main aria-busy="true" />
  if (signedIn === undefined) return <SignIn api={api} onSignedIn={setSignedIn} />
  const { name, role } = signedIn.administrator
  return (
    <>
      <header class="top">
        <Title text="Countersign keys" />
        <Tabs label="View" names={VIEWS} chosen={view} onChoose={setView} panel="view" />
        <div class="who">
          <span>
            {name}, {role}
          </span>
          <button type="button" class="small" onClick={() => void api.signOut().finally(() => setSignedIn(undefined))}>
            Sign out
          </button>
        </div>
      </header>
      <main>
        <div id="view" role="tabpanel" aria-label={view}>
          {view === 'Keys' && <KeysView api={api} mayChange={role !== 'auditor'} isOperator={role === 'operator'} />}
          {view === 'Organisations' && <OrganisationsView api={api} mayChange={role === 'operator'} />}
          {view === 'Administrators' && <AdministratorsView api={api} self={signedIn.administrator} />}
          {view === 'Audit' && <AuditView api={api} />}
        </div>
      </main>
    </>
  )
}
