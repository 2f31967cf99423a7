import { DEFAULT_METHODS } from 'countersign'
import { schemeNamed } from 'countersign/schemes'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Copyable } from '../parts/copyable.tsx'
import { Choice, Field } from '../parts/field.tsx'
import type { Sent } from '../server/send.ts'
import { CredentialFields } from './credential-fields.tsx'
import type { CredentialState } from './credentials.ts'
import { History, type HistoryEntry } from './history.tsx'
import { MessageLegend, MessageText } from './message-text.tsx'
import { ResponseView } from './response-view.tsx'
import { send } from './sending.ts'
import { FieldError, type RequestValues, SAMPLE_LANGUAGES, type Signing, sampleOf, sign } from './signing.ts'

const START: RequestValues = { method: 'GET', url: 'http://127.0.0.1:4567/qapi/v1/balance', body: '', timestamp: '' }

export function SignView({ credentials }: { readonly credentials: CredentialState }) {
  const [request, setRequest] = useState(START)
  const [signing, setSigning] = useState<Signing>()
  const [problem, setProblem] = useState<FieldError>()
  const [sent, setSent] = useState<Sent>()
  const [failure, setFailure] = useState('')
  const [history, setHistory] = useState<readonly HistoryEntry[]>([])
  const [language, setLanguage] = useState('python')
  const sending = useRef<AbortController | undefined>(undefined)
  const [isSending, setSending] = useState(false)
  const { values } = credentials
  const scheme = schemeNamed(values.scheme)
  const isReady =
    request.url !== '' &&
    (scheme?.keys === 'key-pair' ? values.privateKey : values.secret) !== '' &&
    (values.keyId !== '' || scheme?.keyId !== 'carried')

  useEffect(() => {
    let isOld = false
    if (!isReady) {
      setSigning(undefined)
      setProblem(undefined)
      return
    }
    sign(values, request).then(
      done => {
        if (isOld) return
        setSigning(done)
        setProblem(undefined)
      },
      error => {
        if (isOld) return
        setSigning(undefined)
        setProblem(error)
      },
    )
    return () => {
      isOld = true
    }
  }, [values, request, isReady])

  const change = (part: Partial<RequestValues>): void => setRequest(old => ({ ...old, ...part }))
  const errors = { [problem?.field ?? '']: problem?.message }

  async function sendNow(event: Event): Promise<void> {
    event.preventDefault()
    if (sending.current !== undefined) return
    setFailure('')
    setSent(undefined)
    const controller = new AbortController()
    sending.current = controller
    setSending(true)
    try {
      // Signed once more, with the time of now.
      const fresh = await sign(values, request)
      setSigning(fresh)
      const answer = await send(fresh.signed, controller.signal)
      setSent(answer)
      setHistory(old => [{ at: new Date(), request, status: answer.status, ms: answer.ms }, ...old].slice(0, 50))
    } catch (error) {
      if (error instanceof FieldError) setProblem(error)
      else setFailure(controller.signal.aborted ? 'Cancelled.' : error instanceof Error ? error.message : String(error))
    } finally {
      sending.current = undefined
      setSending(false)
    }
  }

  return (
    <div class="columns">
      <form onSubmit={event => void sendNow(event)} noValidate>
        <CredentialFields view="sign" credentials={credentials} errors={errors} />
        <fieldset>
          <legend>What is signed</legend>
          <div class="method-and-url">
            <Choice name="method" label="Method" value={request.method} options={DEFAULT_METHODS} onChange={method => change({ method })} />
            <Field
              name="url"
              label="URL"
              value={request.url}
              onChange={url => change({ url })}
              error={errors['url']}
              placeholder="https://…"
            />
          </div>
          <Field
            name="body"
            label="Body"
            kind="area"
            value={request.body}
            onChange={body => change({ body })}
            error={errors['body']}
            hint="signed and sent byte for byte; empty: none"
          />
          <Field
            name="timestamp"
            label="Timestamp"
            value={request.timestamp}
            onChange={timestamp => change({ timestamp })}
            error={errors['timestamp']}
            placeholder="now"
          />
        </fieldset>
        <div class="row">
          {/* Two buttons, each with its key: one that turned into the other during a click would send again. */}
          {isSending ? (
            <button key="cancel" type="button" class="main" onClick={() => sending.current?.abort()}>
              Cancel
            </button>
          ) : (
            <button key="send" type="submit" class="main" disabled={signing === undefined}>
              Sign and send
            </button>
          )}
          <p role="alert" class="error">
            {errors['other'] ?? failure}
          </p>
        </div>
        <History entries={history} onChoose={setRequest} />
      </form>
      <div class="results">
        <div aria-live="polite">{sent !== undefined && <ResponseView sent={sent} />}</div>
        {signing === undefined ? (
          <p class="empty">{isReady ? 'Fix the marked fields.' : 'Give a key and its secret: what is signed shows here while you type.'}</p>
        ) : (
          <>
            <Copyable
              label="Headers"
              text={Object.entries(signing.signed.headers)
                .map(([name, value]) => `${name}: ${value}`)
                .join('\n')}
            />
            <Copyable label="Message" text={signing.parts.map(({ text }) => text).join('')}>
              <MessageText parts={signing.parts} />
            </Copyable>
            <MessageLegend parts={signing.parts} />
            <Copyable label="curl" text={signing.curl} />
            <Choice name="language" label="Program in" value={language} options={SAMPLE_LANGUAGES} onChange={setLanguage} />
            <Copyable label="Program" text={sampleOf(values.scheme, language, request)} />
          </>
        )}
      </div>
    </div>
  )
}
