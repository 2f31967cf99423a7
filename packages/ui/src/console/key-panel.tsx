import type { KeyView, Permission, ShownKey } from '@countersign/server'
import { useEffect, useState } from 'preact/hooks'
import { Choice } from '../parts/field.tsx'
import { type Api, messageOf, type Usage } from './api.ts'
import { Countdown, momentText } from './moments.tsx'
import { PermissionSwitches } from './permission-switches.tsx'
import { Refusals } from './refusals.tsx'

interface KeyPanelProps {
  readonly api: Api
  readonly id: string
  readonly permissions: readonly Permission[]
  readonly mayChange: boolean
  readonly onChanged: (key: KeyView) => void
  readonly onShown: (shown: ShownKey) => void
}

const OVERLAPS: { readonly [label: string]: number } = { 'a day': 86_400, 'an hour': 3600, 'a week': 604_800, 'not at all': 0 }

/** One key: what it may do, its secrets, its end, and what was refused of it. */
export function KeyPanel({ api, id, permissions, mayChange, onChanged, onShown }: KeyPanelProps) {
  const [key, setKey] = useState<KeyView>()
  const [usage, setUsage] = useState<Usage>()
  const [overlap, setOverlap] = useState('a day')
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
  const rotate = async (): Promise<void> => {
    try {
      const shown = await api.rotate(id, OVERLAPS[overlap] ?? 0)
      setKey(shown.key)
      setError(undefined)
      onShown(shown)
    } catch (refused) {
      setError(messageOf(refused))
    }
  }
  if (key === undefined) return error === undefined ? null : <p class="error">{error}</p>
  const isOver = key.state === 'revoked'
  const old = key.secrets.find(({ expiresAt }) => expiresAt !== null)
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
      {key.publicKey === null && mayChange && !isOver && (
        <>
          <h3>Secret</h3>
          {old?.expiresAt !== undefined && old.expiresAt !== null && (
            <p>
              Two secrets are good. The old one ends in <Countdown until={old.expiresAt} onOver={() => void reload()} />.
            </p>
          )}
          {(old === undefined || key.secrets[0]?.lastUsedAt === null) && (
            <div class="rotate">
              <Choice
                name="overlap"
                label="The old secret stays good for"
                value={overlap}
                options={Object.keys(OVERLAPS)}
                onChange={setOverlap}
              />
              <button type="button" onClick={() => void rotate()}>
                Rotate
              </button>
            </div>
          )}
        </>
      )}
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
      <Refusals usage={usage} onReload={() => void reload()} />
    </section>
  )
}
