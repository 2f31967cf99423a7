import type { Explanation } from 'countersign/explain'
import { Copyable } from '../parts/copyable.tsx'

export function ExplanationView({ explanation }: { readonly explanation: Explanation }) {
  const { outcome, causes, confidence, attempts, difference, expected, signed, ruledOut, missing } = explanation
  return (
    <section aria-label="Explanation" class="explanation">
      <h2 class={outcome === 'match' ? 'good' : 'bad'}>
        {outcome === 'match'
          ? 'The signature is right.'
          : outcome === 'unsigned'
            ? 'The request has no signature.'
            : outcome === 'unexplained'
              ? 'Not explained.'
              : causes.length === 1
                ? 'One mistake.'
                : `${causes.length} mistakes.`}
      </h2>
      <p class="hint">
        {outcome === 'unsigned' ? 'Sign the request, and send the headers listed below.' : `${attempts} messages tried`}
        {confidence > 0 && confidence < 1 && `; ${(confidence * 100).toFixed(3)} % sure, as only a part of the signature is there`}
      </p>
      {missing.length > 0 && <p class="error">Not in the request: {missing.join(', ')}</p>}
      <ul class="causes">
        {causes.map(({ code, dimension, did, fix }) => (
          <li key={code}>
            <p>
              <strong>{dimension}</strong> {did}
            </p>
            <p class="fix">{fix}</p>
          </li>
        ))}
      </ul>
      {outcome === 'unexplained' && (
        <p>Ruled out, alone and in pairs: {ruledOut.map(({ dimension, hypotheses }) => `${dimension} (${hypotheses})`).join(', ')}.</p>
      )}
      <div class="two">
        <Copyable label="Right message" text={expected.message}>
          <Split text={expected.message} at={difference?.at} />
        </Copyable>
        {signed !== undefined && outcome !== 'match' && (
          <Copyable label="The client's message" text={signed.message}>
            <Split text={signed.message} at={difference?.at} />
          </Copyable>
        )}
      </div>
      {outcome !== 'match' && outcome !== 'unsigned' && expected.signature !== undefined && (
        <Copyable label="Right signature" text={expected.signature} />
      )}
    </section>
  )
}

/** What is the same, and what from the first difference on is not. */
function Split({ text, at = text.length }: { readonly text: string; readonly at?: number | undefined }) {
  return (
    <>
      {text.slice(0, at)}
      {at < text.length && <mark>{text.slice(at)}</mark>}
    </>
  )
}
