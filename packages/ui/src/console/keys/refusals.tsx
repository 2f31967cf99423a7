import type { Usage } from '../api.ts'
import { momentText } from '../frame/moments.tsx'

/** What was refused of a key, with the reason, and what explains it where that was found. */
export function Refusals({ usage, onReload }: { readonly usage: Usage | undefined; readonly onReload: () => void }) {
  const refusals = usage?.refusals ?? []
  return (
    <section aria-label="Recent refusals">
      <div class="row">
        <h3>Recent refusals</h3>
        <button type="button" class="small" onClick={onReload}>
          Refresh
        </button>
      </div>
      {refusals.length === 0 && <p class="hint">None.</p>}
      <ul class="refusals">
        {refusals.map(({ at, code, title, count, samples, causes }) => (
          <li key={`${at}${code}`}>
            <strong>{title}</strong> <code>{code}</code> {count > 1 && `${count} times`} <span class="hint">{momentText(at)}</span>
            {causes.map(cause => (
              <p key={cause.code} class="cause">
                {cause.did} <strong>{cause.fix}</strong>
              </p>
            ))}
            {samples.map(sample => (
              <p key={sample.at + sample.path} class="hint">
                {sample.method} {sample.path} from {sample.address}
              </p>
            ))}
          </li>
        ))}
      </ul>
    </section>
  )
}
