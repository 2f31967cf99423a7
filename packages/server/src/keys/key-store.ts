import { randomUUID } from 'node:crypto'
import type { Scheme } from 'countersign'
import { DEFAULT_SCHEME_NAME } from 'countersign/schemes'
import { type Actor, type Event, recorded } from '../audit/audit-log.ts'
import type { Database, Db } from '../database/database.ts'
import { ServerError } from '../errors.ts'
import { requireScheme } from '../schemes.ts'
import type { Sealer } from '../seal/sealer.ts'
import { addKey, type GivenKey } from './add-key.ts'
import { anyPassphrase, checkedKey } from './checked-key.ts'
import { newKeyId } from './key-id.ts'
import { type KeyPage, listKeys } from './key-list.ts'
import { type KeyRow, liveOf, msOf, type SecretRow, viewOf } from './key-row.ts'
import { newPassphrase, newSecret } from './new-secret.ts'
import { type OpenedKey, openKey } from './open-key.ts'
import { PERMISSION_NAME, PERMISSION_NAME_IS, type Permission } from './permissions.ts'
import {
  DEFAULT_OVERLAP_SECONDS,
  type ImportedKey,
  type KeyChanges,
  type KeyQuery,
  type KeyView,
  type NewKey,
  type Rotation,
  type ShownKey,
} from './schemas.ts'

/** Undefined: whichever organisation, for an operator. */
export type Within = string | undefined

/** The keys of all organisations. Every change is in the audit log, or did not happen. */
export interface KeyStore {
  list(within: Within, query: KeyQuery): Promise<KeyPage>
  get(within: Within, id: string): Promise<KeyView>
  create(actor: Actor, organisationId: string, key: NewKey): Promise<ShownKey>
  import(actor: Actor, organisationId: string, key: ImportedKey): Promise<ShownKey>
  update(actor: Actor, within: Within, id: string, changes: KeyChanges): Promise<KeyView>
  /** A new secret; the old one stays good for the overlap. */
  rotate(actor: Actor, within: Within, id: string, rotation: Rotation): Promise<ShownKey>
  setState(actor: Actor, within: Within, id: string, state: 'active' | 'disabled' | 'revoked'): Promise<KeyView>
  /** For a verifier of the scheme. */
  open(id: string): Promise<OpenedKey | undefined>
  /** Hears the ids of keys that this process changed. */
  onChanged(listener: (id: string) => void): void
}

export interface KeyStoreOptions {
  readonly database: Database
  readonly sealer: Sealer
  readonly schemes: readonly Scheme[]
  /** All that a key can have; undefined: any that is well-formed. */
  readonly permissions: readonly Permission[] | undefined
  readonly clock: () => number
}

export function createKeyStore({ database, sealer, schemes, permissions, clock }: KeyStoreOptions): KeyStore {
  const { db } = database
  const listeners: ((id: string) => void)[] = []

  const schemeOf = (name = DEFAULT_SCHEME_NAME): Scheme => requireScheme(schemes, name)

  function checkPermissions(names: readonly string[]): void {
    const malformed = names.find(name => !PERMISSION_NAME.test(name))
    if (malformed !== undefined)
      throw new ServerError('permission-malformed', 400, `${JSON.stringify(malformed)} is no name of a permission: ${PERMISSION_NAME_IS}.`)
    if (permissions === undefined) return
    const unknown = names.find(name => !permissions.some(permission => permission.name === name))
    if (unknown !== undefined)
      throw new ServerError(
        'permission-unknown',
        400,
        `There is no permission ${JSON.stringify(unknown)}; there are ${permissions.map(({ name }) => name).join(', ')}.`,
      )
  }

  /** Does something to one key, in one step with its entry in the log. */
  async function change<T>(
    actor: Actor,
    within: Within,
    id: string,
    work: (
      transaction: Db,
      row: KeyRow,
      secrets: readonly SecretRow[],
    ) => Promise<{ readonly event: Omit<Event, 'organisationId' | 'subject'>; readonly value: T }>,
  ): Promise<T> {
    const value = await recorded(database, actor, clock(), async transaction => {
      const { row, secrets } = await read(transaction, within, id)
      if (row.state === 'revoked') throw new ServerError('key-revoked', 409, `The key ${id} is revoked, for good: make a new one.`)
      const { event, value } = await work(transaction, row, secrets)
      return { events: [{ ...event, organisationId: row.organisation_id, subject: id }], value }
    })
    for (const listener of listeners) listener(id)
    return value
  }

  async function add(actor: Actor, organisationId: string, action: string, given: GivenKey): Promise<ShownKey> {
    const scheme = schemeOf(given.scheme)
    checkPermissions(given.permissions ?? [])
    const shown = await addKey({ database, sealer, now: clock() }, scheme, actor, organisationId, action, given)
    for (const listener of listeners) listener(given.id)
    return shown
  }

  return {
    list: (within, query) => listKeys(db, within, query, clock()),

    async get(within, id) {
      const { row, secrets } = await read(db, within, id)
      return viewOf(row, secrets, clock())
    },

    async create(actor, organisationId, key) {
      const scheme = schemeOf(key.scheme)
      const wantsSecret = scheme.keys === 'secret' || (scheme.keys === 'either' && key.publicKey === undefined)
      if (wantsSecret && key.publicKey !== undefined)
        throw new ServerError('public-key-unwanted', 400, `The scheme ${scheme.name} signs with a shared secret; leave publicKey out.`)
      return await add(actor, organisationId, 'key.create', {
        ...key,
        id: newKeyId(),
        imported: false,
        isMade: true,
        ...(wantsSecret ? { secret: newSecret(scheme) } : {}),
        ...(scheme.hasPassphrase ? { passphrase: newPassphrase() } : {}),
      })
    },

    import: (actor, organisationId, key) => add(actor, organisationId, 'key.import', { ...key, imported: true, isMade: false }),

    update: (actor, within, id, changes) =>
      change(actor, within, id, async (transaction, row, secrets) => {
        if (changes.permissions !== undefined) checkPermissions(changes.permissions)
        if (changes.addresses !== undefined || changes.publicKey !== undefined) {
          if (changes.publicKey !== undefined && row.public_key === '')
            throw new ServerError('public-key-unwanted', 400, `The key ${id} signs with a shared secret, and has no public key.`)
          const publicKey = changes.publicKey ?? (row.public_key === '' ? undefined : row.public_key)
          // Only to see that addresses and public key can be read; the secret is another matter.
          const stand = publicKey === undefined ? { secret: new Uint8Array(32) } : {}
          checkedKey(schemeOf(row.scheme), {
            ...anyPassphrase(schemeOf(row.scheme)),
            id,
            publicKey,
            addresses: changes.addresses,
            ...stand,
          })
        }
        const updated: KeyRow = {
          ...row,
          name: changes.name ?? row.name,
          permissions: changes.permissions === undefined ? row.permissions : JSON.stringify(changes.permissions),
          fund_id: changes.fundId ?? row.fund_id,
          wallet_id: changes.walletId ?? row.wallet_id,
          addresses: changes.addresses === undefined ? row.addresses : JSON.stringify(changes.addresses),
          labels: changes.labels === undefined ? row.labels : JSON.stringify(changes.labels),
          expires_at: changes.expiresAt === undefined ? row.expires_at : msOf(changes.expiresAt),
          public_key: changes.publicKey ?? row.public_key,
          updated_at: clock(),
        }
        await put(transaction, updated)
        return { event: { action: 'key.update', detail: changes }, value: viewOf(updated, secrets, clock()) }
      }),

    rotate: (actor, within, id, { overlapSeconds = DEFAULT_OVERLAP_SECONDS }) =>
      change(actor, within, id, async (transaction, row, secrets) => {
        if (row.public_key !== '')
          throw new ServerError('secret-missing', 409, `The key ${id} has a public key and no secret: update its publicKey.`)
        const now = clock()
        const [current, old] = liveOf(secrets, now)
        if (old !== undefined && overlapSeconds > 0)
          throw new ServerError(
            'rotation-running',
            409,
            `The key ${id} has two live secrets until ${new Date(old.expires_at).toISOString()}: wait, or rotate without an overlap to end both at once.`,
          )
        const scheme = schemeOf(row.scheme)
        const secret = newSecret(scheme)
        const bytes = checkedKey(scheme, { id, secret, ...anyPassphrase(scheme) }).secrets[0]?.reveal() ?? new Uint8Array()
        const added: SecretRow = { id: randomUUID(), key_id: id, sealed: await sealer.seal(bytes, id), created_at: now, expires_at: 0 }
        const endsAt = now + overlapSeconds * 1000
        // What no longer opens anything is not kept.
        const ended = transaction.deleteFrom('key_secret').where('key_id', '=', id)
        if (overlapSeconds === 0) await ended.execute()
        else {
          await ended.where('id', '!=', current?.id ?? '').execute()
          await transaction.updateTable('key_secret').set({ expires_at: endsAt }).where('key_id', '=', id).execute()
        }
        await transaction.insertInto('key_secret').values(added).execute()
        const updated: KeyRow = { ...row, updated_at: now, short_secret: overlapSeconds === 0 ? 0 : row.short_secret }
        await put(transaction, updated)
        const left = current === undefined || overlapSeconds === 0 ? [] : [{ ...current, expires_at: endsAt }]
        return {
          event: { action: 'key.rotate', detail: { secret: added.id, overlapSeconds } },
          value: { key: viewOf(updated, [added, ...left], now), secret, passphrase: null, warnings: [] },
        }
      }),

    setState: (actor, within, id, state) =>
      change(actor, within, id, async (transaction, row, secrets) => {
        const updated: KeyRow = { ...row, state, updated_at: clock() }
        await put(transaction, updated)
        const action = { active: 'key.enable', disabled: 'key.disable', revoked: 'key.revoke' }[state]
        return { event: { action }, value: viewOf(updated, secrets, clock()) }
      }),

    open: id => openKey({ db, sealer, schemeOf, now: clock() }, id),

    onChanged: listener => void listeners.push(listener),
  }
}

/** @throws ServerError 404, alike for a key that is not there and one of another organisation */
async function read(db: Db, within: Within, id: string): Promise<{ row: KeyRow; secrets: readonly SecretRow[] }> {
  let query = db.selectFrom('api_key').selectAll().where('id', '=', id)
  if (within !== undefined) query = query.where('organisation_id', '=', within)
  const row = await query.executeTakeFirst()
  if (row === undefined) throw new ServerError('key-unknown', 404, `There is no key ${id.slice(0, 100)}.`)
  return { row, secrets: await db.selectFrom('key_secret').selectAll().where('key_id', '=', id).execute() }
}

async function put(transaction: Db, { id, last_used_at: _, ...row }: KeyRow): Promise<void> {
  await transaction.updateTable('api_key').set(row).where('id', '=', id).execute()
}
