import { Copyable } from '../parts/copyable.tsx'
import type { Sent } from '../server/send.ts'
import { pretty } from './sending.ts'

export function ResponseView({ sent }: { readonly sent: Sent }) {
  const { status, statusText, ms, headers, body, isCut } = sent
  return (
    <section aria-label="Response" class="response">
      <p class={status < 300 ? 'status good' : 'status bad'}>
        <strong>
          {status} {statusText}
        </strong>{' '}
        in {ms} ms
        {isCut && ', the first 5 MB'}
      </p>
      <Copyable label="Response body" text={pretty(body)} />
      <details>
        <summary>{headers.length} headers</summary>
        <pre>{headers.map(([name, value]) => `${name}: ${value}`).join('\n')}</pre>
      </details>
    </section>
  )
}
