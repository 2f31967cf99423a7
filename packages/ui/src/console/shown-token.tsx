import { Copyable } from '../parts/copyable.tsx'
import type { ShownToken } from './api.ts'
import { momentText } from './moments.tsx'

/** An administrator's token, this once. */
export function ShownTokenPanel({ shown, onDone }: { readonly shown: ShownToken; readonly onDone: () => void }) {
  const { administrator, token } = shown
  return (
    <section class="shown" aria-label="The token">
      <h2>The token of {administrator.name}</h2>
      <p>It is shown this once. It ends: {momentText(administrator.expiresAt)}.</p>
      <Copyable label="Token" text={token} />
      <div class="row">
        <button type="button" class="main" onClick={onDone}>
          I have it
        </button>
      </div>
    </section>
  )
}
