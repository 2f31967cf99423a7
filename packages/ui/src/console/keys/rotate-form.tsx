import type { KeyView, ShownKey } from '@countersign/server'
import { useState } from 'preact/hooks'
import { Choice, Field } from '../../parts/field.tsx'
import type { Api } from '../api.ts'
import { useSending } from '../frame/form.tsx'
import { Problem } from '../frame/loaded.tsx'
import { Countdown } from '../frame/moments.tsx'

interface RotateFormProps {
  readonly api: Api
  readonly of: KeyView
  readonly onRotated: (shown: ShownKey) => void
  /** The old secret or public key has ended. */
  readonly onOver: () => void
}

const OVERLAPS: { readonly [label: string]: number } = { 'a day': 86_400, 'an hour': 3600, 'a week': 604_800, 'not at all': 0 }

/** A new secret, or the new public key that its owner made; the old one stays good for a while. */
export function RotateForm({ api, of: { id, publicKey, secrets, publicKeys }, onRotated, onOver }: RotateFormProps) {
  const [overlap, setOverlap] = useState('a day')
  const [newer, setNewer] = useState('')
  const isPublic = publicKey !== null
  const what = isPublic ? 'public key' : 'secret'
  const live = isPublic ? publicKeys : secrets
  const end = live.find(({ expiresAt }) => expiresAt !== null)?.expiresAt
  const sending = useSending(async () => {
    const overlapSeconds = OVERLAPS[overlap] ?? 0
    const shown = await api.rotate(id, isPublic ? { overlapSeconds, publicKey: newer } : { overlapSeconds })
    setNewer('')
    onRotated(shown)
  })
  return (
    <form aria-label={`Rotate the ${what}`} {...sending.handlers}>
      <h3>{isPublic ? 'Public key' : 'Secret'}</h3>
      {end !== undefined && end !== null && (
        <p>
          Two {what}s are good. The old one ends in <Countdown until={end} onOver={onOver} />.
        </p>
      )}
      {/* While both are in use, a third one would end the call of a client. */}
      {(live.length < 2 || live[0]?.lastUsedAt === null) && (
        <>
          {isPublic && (
            <Field
              name="new-public-key"
              label="New public key"
              kind="area"
              value={newer}
              onChange={setNewer}
              error={sending.error}
              hint="As PEM, JWK or its bytes in base64; the private key stays with its owner."
            />
          )}
          <div class="rotate">
            <Choice
              name="overlap"
              label={`The old ${what} stays good for`}
              value={overlap}
              options={Object.keys(OVERLAPS)}
              onChange={setOverlap}
            />
            <button type="submit" disabled={sending.isBusy || (isPublic && newer.trim() === '')}>
              Rotate
            </button>
          </div>
          {!isPublic && <Problem text={sending.error} />}
        </>
      )}
    </form>
  )
}
