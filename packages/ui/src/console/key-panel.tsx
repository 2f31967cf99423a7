import type { KeyView, Permission, ShownKey } from '@countersign/server'
import { useEffect, useState } from 'preact/hooks'
import { type Api, messageOf, type Usage } from './api.ts'
import { momentText } from './moments.tsx'
import { PermissionSwitches } from './permission-switches.tsx'
import { Refusals } from './refusals.tsx'
import { RotateForm } from './rotate-form.tsx'
import { UsageDays } from './usage-days.tsx'

interface KeyPanelProps {
  readonly api: Api
  readonly id: string
  readonly permissions: readonly Permission[]
  readonly mayChange: boolean
  readonly onChanged: (key: KeyView) => void
  readonly onShown: (shown: ShownKey) => void
}

/** One key: what it may do, its secrets, its end, and what was refused of it. */
export function KeyPanel({ api, id, permissions, mayChange, onChanged, onShown }: KeyPanelProps) {
  const [key, setKey] = useState<KeyView>()
  const [usage, setUsage] = useState<Usage>()
  const [isRevoking, setRevoking] = useState(false)
  const [error, setError] = useState<string>()
  const [said, setSaid] = useState('')

  const reload = async (): Promise<void> => {
    try {
      const [read, used] = await Promise.all([api.get(id), api.usage(id)])
      setKey(read)
      setUsage(used)
    } catch (refused) {
      setError(messageOf(refused))
    }
  }
  useEffect(() => void reload(), [id])

  const change = async (what: string, work: () => Promise<KeyView>): Promise<void> => {
    try {
      const changed = await work()
      setKey(changed)
      onChanged(changed)
      setError(undefined)
      setSaid(what)
    } catch (refused) {
      setError(messageOf(refused))
    }
  }
  const rotated = (shown: ShownKey): void => {
    setKey(shown.key)
    setError(undefined)
    setSaid(shown.key.publicKey === null ? '' : 'The new public key is good from now on.')
    onShown(shown)
  }
  if (key === undefined) return error === undefined ? null : <p class="error">{error}</p>
  const isOver = key.state === 'revoked'
  return (
    <section class="panel" aria-label={`Key ${key.name}`}>
      <div class="row">
        <h2>{key.name}</h2>
        <span class={`state ${key.state}`}>{key.state}</span>
      </div>
      <code>{key.id}</code>
      {error !== undefined && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      <p class="good" role="status">
        {said}
      </p>
      <PermissionSwitches
        permissions={permissions}
        granted={key.permissions}
        disabled={isOver || !mayChange}
        onChange={granted => void change('The permissions are changed.', () => api.update(id, { permissions: [...granted] }))}
      />
      <dl>
        <dt>Scheme</dt>
        <dd>{key.scheme}</dd>
        {key.fundId !== '' && (
          <>
            <dt>Fund</dt>
            <dd>{key.fundId}</dd>
          </>
        )}
        {key.walletId !== '' && (
          <>
            <dt>Wallet</dt>
            <dd>{key.walletId}</dd>
          </>
        )}
        <dt>Addresses</dt>
        <dd>{key.addresses.join(', ') || 'any'}</dd>
        <dt>Made</dt>
        <dd>{momentText(key.createdAt)}</dd>
        <dt>Expires</dt>
        <dd>{momentText(key.expiresAt)}</dd>
        <dt>Last used</dt>
        <dd>{momentText(usage?.lastUsedAt ?? null)}</dd>
        {[...key.secrets, ...key.publicKeys].map((one, at) => (
          <>
            <dt key={one.id}>{`${key.publicKey === null ? 'Secret' : 'Public key'} ${at === 0 ? '(newest)' : '(old)'}`}</dt>
            <dd>{`last used: ${momentText(one.lastUsedAt)}`}</dd>
          </>
        ))}
        {Object.entries(key.labels).map(([name, value]) => (
          <>
            <dt key={name}>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
      {mayChange && !isOver && <RotateForm key={key.publicKey} api={api} of={key} onRotated={rotated} onOver={() => void reload()} />}
      {mayChange && !isOver && (
        <div class="row ends">
          {key.state === 'disabled' ? (
            <button type="button" onClick={() => void change('The key is accepted again.', () => api.set(id, 'enable'))}>
              Enable
            </button>
          ) : (
            <button type="button" onClick={() => void change('The key is refused until it is enabled.', () => api.set(id, 'disable'))}>
              Disable
            </button>
          )}
          {isRevoking ? (
            <>
              <span>For good?</span>
              <button type="button" class="danger" onClick={() => void change('The key is revoked.', () => api.set(id, 'revoke'))}>
                Revoke for good
              </button>
              <button type="button" onClick={() => setRevoking(false)}>
                Keep it
              </button>
            </>
          ) : (
            <button type="button" onClick={() => setRevoking(true)}>
              Revoke…
            </button>
          )}
        </div>
      )}
      <UsageDays days={usage?.days ?? []} />
      <Refusals usage={usage} onReload={() => void reload()} />
    </section>
  )
}
