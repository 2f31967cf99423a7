import { readCurlLine, readRawHttp } from '@countersign/pasted'
import { isDeclared } from 'countersign'
import { type Explanation, explain } from 'countersign/explain'
import { SCHEMES, schemeNamed } from 'countersign/schemes'
import { useState } from 'preact/hooks'
import { Field } from '../parts/field.tsx'
import { CredentialFields } from './credential-fields.tsx'
import type { CredentialState } from './credentials.ts'
import { ExplanationView } from './explanation-view.tsx'
import { fieldOf } from './signing.ts'

const EXPLAINABLE = SCHEMES.filter(scheme => isDeclared(scheme) && scheme.algorithm.family === 'hmac').map(({ name }) => name)

export function ExplainView({ credentials }: { readonly credentials: CredentialState }) {
  const [pasted, setPasted] = useState('')
  const [message, setMessage] = useState('')
  const [explanation, setExplanation] = useState<Explanation>()
  const [errors, setErrors] = useState<{ readonly [field: string]: string }>({})
  const [isBusy, setBusy] = useState(false)
  const { values } = credentials

  async function run(event: Event): Promise<void> {
    event.preventDefault()
    setExplanation(undefined)
    setErrors({})
    const scheme = schemeNamed(values.scheme)
    if (scheme === undefined || !isDeclared(scheme) || !EXPLAINABLE.includes(scheme.name))
      return setErrors({ other: `${values.scheme} can't be explained: choose a scheme with a secret that is declared.` })
    if (values.secret === '' && message === '') return setErrors({ secret: 'Give the secret, or below what the client says it signed.' })
    let request: ReturnType<typeof readCurlLine>
    try {
      request = readPasted(pasted)
    } catch (error) {
      return setErrors({ pasted: error instanceof Error ? error.message : String(error) })
    }
    setBusy(true)
    try {
      const { secret, passphrase, keyId } = values
      setExplanation(
        await explain({
          scheme,
          request,
          keyId,
          passphrase,
          ...(secret === '' ? {} : { secret }),
          ...(message === '' ? {} : { clientMessage: message }),
          maxAttempts: 20_000,
        }),
      )
    } catch (error) {
      setErrors({ [fieldOf(error)]: error instanceof Error ? error.message : String(error) })
    } finally {
      setBusy(false)
    }
  }

  return (
    <div class="columns">
      <form onSubmit={event => void run(event)} noValidate>
        <CredentialFields view="explain" credentials={credentials} errors={errors} schemes={EXPLAINABLE} />
        <fieldset>
          <legend>The request that failed</legend>
          <Field
            name="pasted"
            label="A curl line, or the raw request"
            kind="area"
            rows={10}
            value={pasted}
            onChange={setPasted}
            error={errors['pasted']}
            placeholder={"curl -X POST 'https://…' -H '…: …' --data-raw '…'"}
          />
          <Field
            name="client-message"
            label="What the client says it signed"
            kind="area"
            rows={2}
            value={message}
            onChange={setMessage}
            hint="only where you have no secret"
          />
        </fieldset>
        <div class="row">
          <button type="submit" class="main" disabled={isBusy || pasted === ''}>
            {isBusy ? 'Searching…' : 'Explain'}
          </button>
          <p role="alert" class="error">
            {errors['other']}
          </p>
        </div>
      </form>
      <div class="results" aria-live="polite">
        {explanation === undefined ? (
          <p class="empty">Paste a request that was refused: the mistake shows here, and where the two messages differ.</p>
        ) : (
          <ExplanationView explanation={explanation} />
        )}
      </div>
    </div>
  )
}

function readPasted(text: string): ReturnType<typeof readCurlLine> {
  return /(^|[\s/$])curl(\.exe)?\s/.test(text.slice(0, 200)) ? readCurlLine(text) : readRawHttp(new TextEncoder().encode(text))
}
