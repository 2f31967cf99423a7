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

const AT_ONCE = 'not at all'
const OVERLAPS: { readonly [label: string]: number } = { 'a day': 86_400, 'an hour': 3600, 'a week': 604_800, [AT_ONCE]: 0 }

/** A new secret, or the new public key that its owner made; the old one stays good for a while. */
export function RotateForm({ api, of: { id, name, publicKey, secrets, publicKeys }, onRotated, onOver }: RotateFormProps) {
  const [chosen, setOverlap] = useState('a day')
  const [newer, setNewer] = useState('')
  const isPublic = publicKey !== null
  const what = isPublic ? 'public key' : 'secret'
  const live = isPublic ? publicKeys : secrets
  const end = live.find(({ expiresAt }) => expiresAt !== null)?.expiresAt
  // While both are in use, one beside a third one would end the calls of a client.
  const areBothUsed = live.length > 1 && live[0]?.lastUsedAt !== null
  const overlap = areBothUsed ? AT_ONCE : chosen
  const overlapSeconds = OVERLAPS[overlap] ?? 0
  const sending = useSending(
    async () => {
      const shown = await api.rotate(id, isPublic ? { overlapSeconds, publicKey: newer } : { overlapSeconds })
      setNewer('')
      onRotated(shown)
    },
    () =>
      overlapSeconds > 0
        ? undefined
        : {
            text: `${live.length > 1 ? `Both ${what}s` : `The ${what}`} of ${name} will end at once: all its calls are refused until its clients have the new one.`,
            yes: 'Rotate now',
            no: 'Keep as it is',
          },
  )
  return (
    <form aria-label={`Rotate the ${what}`} {...sending.handlers}>
      <h3>{isPublic ? 'Public key' : 'Secret'}</h3>
      {end !== undefined && end !== null && (
        <p>
          Two {what}s are good. The old one ends in <Countdown until={end} onOver={onOver} />.
        </p>
      )}
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
          options={areBothUsed ? [AT_ONCE] : Object.keys(OVERLAPS)}
          onChange={setOverlap}
        />
        <button type="submit" disabled={sending.isBusy || (isPublic && newer.trim() === '')}>
          Rotate
        </button>
      </div>
      {areBothUsed && <p class="hint">Both are in use, so a rotation ends both.</p>}
      {!isPublic && <Problem text={sending.error} />}
    </form>
  )
}
