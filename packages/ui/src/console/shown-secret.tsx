import type { ShownKey } from '@countersign/server'
import { Copyable } from '../parts/copyable.tsx'

/** A secret, this once, with the ways to take it along. */
export function ShownSecret({ shown, onDone }: { readonly shown: ShownKey; readonly onDone: () => void }) {
  const { key, secret, passphrase } = shown
  if (secret === null) return null
  const download = (): void => {
    const profile = { scheme: key.scheme, apiKey: key.id, secret, ...(passphrase === null ? {} : { passphrase }) }
    const url = URL.createObjectURL(new Blob([`${JSON.stringify(profile, undefined, 2)}\n`], { type: 'application/json' }))
    const link = document.createElement('a')
    link.href = url
    link.download = `${key.name.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}.json`
    link.click()
    URL.revokeObjectURL(url)
  }
  return (
    <section class="shown" aria-label="The secret">
      <h2>The secret of {key.name}</h2>
      <p>It is shown this once. A lost secret can't be recovered, only rotated.</p>
      <Copyable label="API key" text={key.id} />
      <Copyable label="Secret" text={secret} />
      {passphrase !== null && <Copyable label="Passphrase" text={passphrase} />}
      <div class="row">
        <button type="button" onClick={download}>
          Download as profile
        </button>
        <button type="button" class="main" onClick={onDone}>
          I have it
        </button>
      </div>
    </section>
  )
}
