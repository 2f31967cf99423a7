import type { KeyDay } from '@countersign/server'

const DAYS = 30
const DAY_MS = 86_400_000
const WIDTH = 10
const HEIGHT = 60
/** So that one call of a million can still be seen. */
const LEAST = 2

/** Calls and refusals of the last 30 days (UTC): a bar for each day, and the same as a table. */
export function UsageDays({ days }: { readonly days: readonly KeyDay[] }) {
  const today = Math.floor(Date.now() / DAY_MS)
  const shown = Array.from({ length: DAYS }, (_, at): KeyDay => {
    const day = new Date((today - DAYS + 1 + at) * DAY_MS).toISOString().slice(0, 10)
    return days.find(one => one.day === day) ?? { day, calls: 0, refusals: 0, secrets: [] }
  })
  const most = Math.max(1, ...shown.map(({ calls, refusals }) => calls + refusals))
  const heightOf = (count: number): number => (count === 0 ? 0 : Math.max(LEAST, Math.round((count / most) * (HEIGHT - LEAST))))
  const calls = shown.reduce((sum, day) => sum + day.calls, 0)
  const refusals = shown.reduce((sum, day) => sum + day.refusals, 0)
  const summary = `${calls.toLocaleString()} ${calls === 1 ? 'call' : 'calls'} and ${refusals.toLocaleString()} ${refusals === 1 ? 'refusal' : 'refusals'} in ${DAYS} days`
  return (
    <section aria-label="Usage">
      <h3>Usage</h3>
      <p class="hint">{summary}</p>
      {days.length > 0 && (
        <svg class="days" viewBox={`0 0 ${DAYS * WIDTH} ${HEIGHT}`} role="img" aria-label={summary} preserveAspectRatio="none">
          {shown.map((day, at) => (
            <g key={day.day}>
              <title>{`${day.day}: ${day.calls} calls, ${day.refusals} refused`}</title>
              <rect class="all" x={at * WIDTH} y={0} width={WIDTH} height={HEIGHT} />
              <rect class="calls" x={at * WIDTH + 1} y={HEIGHT - heightOf(day.calls)} width={WIDTH - 2} height={heightOf(day.calls)} />
              <rect
                class="refused"
                x={at * WIDTH + 1}
                y={Math.max(0, HEIGHT - heightOf(day.calls) - heightOf(day.refusals))}
                width={WIDTH - 2}
                height={heightOf(day.refusals)}
              />
            </g>
          ))}
        </svg>
      )}
      {days.length > 0 && (
        <details>
          <summary>As a table</summary>
          <table>
            <thead>
              <tr>
                <th scope="col">Day (UTC)</th>
                <th scope="col">Calls</th>
                <th scope="col">Refused</th>
              </tr>
            </thead>
            <tbody>
              {[...days].reverse().map(day => (
                <tr key={day.day}>
                  <td>{day.day}</td>
                  <td>{day.calls.toLocaleString()}</td>
                  <td>{day.refusals.toLocaleString()}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </section>
  )
}
