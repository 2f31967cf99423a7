import type { ShownKey } from '@countersign/server'
import { ShownOnce } from '../frame/shown-once.tsx'

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
    <ShownOnce
      what="The secret"
      of={key.name}
      texts={[['API key', key.id], ['Secret', secret], ...(passphrase === null ? [] : [['Passphrase', passphrase] as const])]}
      buttons={
        <button type="button" onClick={download}>
          Download as profile
        </button>
      }
      onDone={onDone}
    >
      It is shown this once. A lost secret can't be recovered, only rotated.
    </ShownOnce>
  )
}
