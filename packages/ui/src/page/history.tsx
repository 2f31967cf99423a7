import type { RequestValues } from './signing.ts'

export interface HistoryEntry {
  readonly at: Date
  readonly request: RequestValues
  readonly status: number
  readonly ms: number
}

/** What was sent since the page was opened; it is nowhere else. */
export function History({
  entries,
  onChoose,
}: {
  readonly entries: readonly HistoryEntry[]
  readonly onChoose: (request: RequestValues) => void
}) {
  if (entries.length === 0) return null
  return (
    <section aria-label="History" class="history">
      <h2>Sent</h2>
      <ol>
        {entries.map(({ at, request, status, ms }) => (
          <li key={at.getTime()}>
            <button type="button" class="link" onClick={() => onChoose(request)}>
              {request.method} {request.url}
            </button>{' '}
            <span class={status < 300 ? 'good' : 'bad'}>{status}</span> in {ms} ms, {at.toLocaleTimeString()}
          </li>
        ))}
      </ol>
    </section>
  )
}
