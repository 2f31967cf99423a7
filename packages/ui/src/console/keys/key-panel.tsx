import type { KeyView, ShownKey } from '@countersign/server'
import { Fragment } from 'preact'
import { useState } from 'preact/hooks'
import type { Api, Usage } from '../api.ts'
import { type Choices, organisationName } from '../choices/choices.ts'
import { Show, useLoaded } from '../frame/loaded.tsx'
import { momentText } from '../frame/moments.tsx'
import { useAsk } from '../navigation/asking.tsx'
import { ChangeForm } from './change-form.tsx'
import { Refusals } from './refusals.tsx'
import { RotateForm } from './rotate-form.tsx'
import { UsageDays } from './usage-days.tsx'

interface KeyPanelProps {
  readonly api: Api
  readonly id: string
  readonly choices: Choices
  readonly mayChange: boolean
  readonly onChanged: (key: KeyView) => void
  readonly onShown: (shown: ShownKey) => void
}

/** One key: what it may do, its secrets, its end, and what was refused of it. */
export function KeyPanel({ api, id, choices, mayChange, onChanged, onShown }: KeyPanelProps) {
  const [said, setSaid] = useState('')
  const ask = useAsk()
  const panel = useLoaded(async (): Promise<{ readonly key: KeyView; readonly usage: Usage }> => {
    const [key, usage] = await Promise.all([api.get(id), api.usage(id)])
    return { key, usage }
  }, [id])
  const change = (what: string, work: () => Promise<KeyView>): void =>
    void panel.take(async () => {
      const key = await work().catch((refused: unknown) => {
        setSaid('')
        throw refused
      })
      onChanged(key)
      setSaid(what)
      return { key, usage: panel.value?.usage ?? (await api.usage(id)) }
    })
  const rotated = (shown: ShownKey): void => {
    panel.change(known => ({ ...known, key: shown.key }))
    setSaid(shown.key.publicKey === null ? '' : 'The new public key is good from now on.')
    onShown(shown)
  }
  const saved = (key: KeyView): void => {
    panel.change(known => ({ ...known, key }))
    onChanged(key)
    setSaid('The changes are saved.')
  }
  return (
    <Show of={panel}>
      {({ key, usage }) => {
        const isOver = key.state === 'revoked'
        const revoke = (): void =>
          ask({
            text: `All calls of ${key.name} are refused from then on, for good.`,
            yes: 'Revoke for good',
            no: 'Keep it',
            onYes: () => change('The key is revoked.', () => api.set(id, 'revoke')),
          })
        return (
          <section class="panel" aria-label={`Key ${key.name}`}>
            <div class="row">
              <h2>{key.name}</h2>
              <span class={`state ${key.state}`}>{key.state}</span>
            </div>
            <code>{key.id}</code>
            <p class="good" role="status">
              {said}
            </p>
            <ChangeForm api={api} of={key} choices={choices} mayChange={mayChange && !isOver} onChanged={saved} />
            <Facts of={key} usage={usage} organisations={choices.organisations} />
            {mayChange && !isOver && (
              <>
                <RotateForm key={key.publicKey} api={api} of={key} onRotated={rotated} onOver={() => void panel.reload()} />
                <div class="row ends">
                  {key.state === 'disabled' ? (
                    <button type="button" onClick={() => change('The key is accepted again.', () => api.set(id, 'enable'))}>
                      Enable
                    </button>
                  ) : (
                    <button type="button" onClick={() => change('The key is refused until it is enabled.', () => api.set(id, 'disable'))}>
                      Disable
                    </button>
                  )}
                  <button type="button" onClick={revoke}>
                    Revoke…
                  </button>
                </div>
              </>
            )}
            <UsageDays days={usage.days} />
            <Refusals usage={usage} onReload={() => void panel.reload()} />
          </section>
        )
      }}
    </Show>
  )
}

interface FactsProps {
  readonly of: KeyView
  readonly usage: Usage
  readonly organisations: Choices['organisations']
}

function Facts({ of: key, usage, organisations }: FactsProps) {
  const credential = key.publicKey === null ? 'Secret' : 'Public key'
  const facts: readonly (readonly [string, string])[] = [
    ['Scheme', key.scheme],
    ...(organisations.length > 1 ? [['Organisation', organisationName(organisations, key.organisationId)] as const] : []),
    ...(key.fundId === '' ? [] : [['Fund', key.fundId] as const]),
    ...(key.walletId === '' ? [] : [['Wallet', key.walletId] as const]),
    ['Addresses', key.addresses.join(', ') || 'any'],
    ['Created', momentText(key.createdAt)],
    ['Expires', momentText(key.expiresAt)],
    ['Last used', momentText(usage.lastUsedAt)],
    ...[...key.secrets, ...key.publicKeys].map(
      ({ lastUsedAt }, at) => [`${credential} ${at === 0 ? '(newest)' : '(old)'}`, `last used: ${momentText(lastUsedAt)}`] as const,
    ),
    ...Object.entries(key.labels),
  ]
  return (
    <dl>
      {facts.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  )
}
