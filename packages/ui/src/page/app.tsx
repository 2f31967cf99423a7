import { useState } from 'preact/hooks'
import { Tabs } from '../parts/tabs.tsx'
import { Title } from '../parts/title.tsx'
import { useCredentials } from './credentials.ts'
import { ExplainView } from './explain-view.tsx'
import { SignView } from './sign-view.tsx'

const VIEWS = ['Sign and send', 'Explain'] as const

export function App() {
  const [view, setView] = useState<(typeof VIEWS)[number]>('Sign and send')
  const credentials = useCredentials()
  return (
    <>
      <header class="top">
        <Title text="Countersign" />
        <Tabs label="View" names={VIEWS} chosen={view} onChoose={setView} panel="view" />
      </header>
      <main>
        <div id="view" role="tabpanel" aria-label={view}>
          <div hidden={view !== 'Sign and send'}>
            <SignView credentials={credentials} />
          </div>
          <div hidden={view !== 'Explain'}>
            <ExplainView credentials={credentials} />
          </div>
        </div>
      </main>
      <footer>Signing and explaining happen in this page: the secret does not leave it, and is kept only if you say so.</footer>
    </>
  )
}
