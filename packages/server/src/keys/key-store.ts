import type { Scheme } from 'countersign'
import { DEFAULT_SCHEME_NAME } from 'countersign/schemes'
import { type Actor, type Event, recorded } from '../audit/audit-log.ts'
import type { Database, Db } from '../database/database.ts'
import { ServerError } from '../errors.ts'
import { requireScheme } from '../schemes/require-scheme.ts'
import type { BoundSealer } from '../seal/canary.ts'
import { addKey, type GivenKey } from './add-key.ts'
import { type Bounded, ceilingsOf, checkCeilings, isWider } from './ceilings.ts'
import { changesOf } from './changes-of.ts'
import { anyPassphrase, checkedKey } from './checked-key.ts'
import { checkKeyId, newKeyId } from './key-id.ts'
import { type KeyPage, listKeys } from './key-list.ts'
import { type CredentialRow, credentialsOf, type KeyRow, msOf, viewOf } from './key-row.ts'
import { newPassphrase, newSecret } from './new-secret.ts'
import { type OpenedKey, openKey } from './open-key.ts'
import { PERMISSION_NAME, PERMISSION_NAME_IS, type Permission } from './permissions.ts'
import { rotatePublicKey, rotateSecret } from './rotate-key.ts'
import type {
  ImportedKey,
  KeyChanges,
  KeyQuery,
  KeyView,
  NewKey,
  NewSecretQuestion,
  ProposedSecret,
  Rotation,
  ShownKey,
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
  /** A secret for `create` and `rotate` that nothing knows yet, so that it can be kept before it counts. */
  propose(question: NewSecretQuestion): ProposedSecret
  /** A new secret or public key; the old one stays good for the overlap. */
  rotate(actor: Actor, within: Within, id: string, rotation: Rotation): Promise<ShownKey>
  setState(actor: Actor, within: Within, id: string, state: 'active' | 'disabled' | 'revoked'): Promise<KeyView>
  /** For a verifier of the scheme. */
  open(id: string): Promise<OpenedKey | undefined>
  /** Hears the ids of keys that this process changed. */
  onChanged(listener: (id: string) => void): void
}

export interface KeyStoreOptions {
  readonly database: Database
  readonly sealer: BoundSealer
  readonly schemes: () => readonly Scheme[]
  /** All that a key can have; undefined: any that is well-formed. */
  readonly permissions: readonly Permission[] | undefined
  readonly clock: () => number
}

export function createKeyStore({ database, sealer, schemes, permissions, clock }: KeyStoreOptions): KeyStore {
  const { db } = database
  const listeners: ((id: string) => void)[] = []

  const schemeOf = (name = DEFAULT_SCHEME_NAME): Scheme => requireScheme(schemes(), name)

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
      credentials: readonly CredentialRow[],
    ) => Promise<{ readonly event: Omit<Event, 'organisationId' | 'subject'>; readonly value: T }>,
  ): Promise<T> {
    const value = await recorded(database, actor, clock(), async transaction => {
      const { row, credentials } = await read(transaction, within, id)
      if (row.state === 'revoked') throw new ServerError('key-revoked', 409, `The key ${id} is revoked, for good: make a new one.`)
      const { event, value } = await work(transaction, row, credentials)
      return { events: [{ ...event, organisationId: row.organisation_id, subject: id }], value }
    })
    for (const listener of listeners) listener(id)
    return value
  }

  async function add(actor: Actor, organisationId: string, action: string, given: GivenKey): Promise<ShownKey> {
    const scheme = schemeOf(given.scheme)
    checkPermissions(given.permissions ?? [])
    await sealer.prepare()
    const shown = await addKey({ database, sealer, now: clock() }, scheme, actor, organisationId, action, given)
    for (const listener of listeners) listener(given.id)
    return shown
  }

  return {
    list: (within, query) => listKeys(db, within, query, clock()),

    async get(within, id) {
      const { row, credentials } = await read(db, within, id)
      return viewOf(row, credentials, clock())
    },

    async create(actor, organisationId, key) {
      const scheme = schemeOf(key.scheme)
      const wantsSecret = scheme.keys === 'secret' || (scheme.keys === 'either' && key.publicKey === undefined)
      if (wantsSecret && key.publicKey !== undefined)
        throw new ServerError('public-key-unwanted', 400, `The scheme ${scheme.name} signs with a shared secret; leave publicKey out.`)
      if (key.id !== undefined && checkKeyId(key.id) !== 'ok')
        throw new ServerError('key-id-mistyped', 400, 'The id of a new key is one that was proposed here: leave it out, or import the key.')
      const isMade = key.secret === undefined
      return await add(actor, organisationId, 'key.create', {
        ...key,
        id: key.id ?? newKeyId(),
        imported: false,
        isMade,
        ...(wantsSecret && isMade ? { secret: newSecret(scheme) } : {}),
        ...(scheme.hasPassphrase && key.passphrase === undefined ? { passphrase: newPassphrase() } : {}),
      })
    },

    propose({ scheme: name, publicKey }) {
      const scheme = schemeOf(name)
      const wantsSecret = scheme.keys === 'secret' || (scheme.keys === 'either' && publicKey === undefined)
      return {
        id: newKeyId(),
        secret: wantsSecret ? newSecret(scheme) : null,
        passphrase: scheme.hasPassphrase ? newPassphrase() : null,
      }
    },

    import: (actor, organisationId, key) => add(actor, organisationId, 'key.import', { ...key, imported: true, isMade: false }),

    update: (actor, within, id, changes) =>
      change(actor, within, id, async (transaction, row, credentials) => {
        if (changes.permissions !== undefined) checkPermissions(changes.permissions)
        if (changes.addresses !== undefined) checkAddresses(schemeOf(row.scheme), row, changes.addresses)
        const updated: KeyRow = {
          ...row,
          name: changes.name ?? row.name,
          permissions: changes.permissions === undefined ? row.permissions : JSON.stringify(changes.permissions),
          fund_id: changes.fundId ?? row.fund_id,
          wallet_id: changes.walletId ?? row.wallet_id,
          addresses: changes.addresses === undefined ? row.addresses : JSON.stringify(changes.addresses),
          labels: changes.labels === undefined ? row.labels : JSON.stringify(changes.labels),
          expires_at: changes.expiresAt === undefined ? row.expires_at : msOf(changes.expiresAt),
          updated_at: clock(),
        }
        // A key that was above a later ceiling can still be renamed, narrowed, and ended sooner.
        if (isWider(boundedOf(updated), boundedOf(row)) || endsLater(updated, row)) await checkBounds(transaction, updated)
        await put(transaction, updated)
        return { event: { action: 'key.update', detail: changesOf(row, updated) }, value: viewOf(updated, credentials, clock()) }
      }),

    async rotate(actor, within, id, rotation) {
      if (rotation.publicKey === undefined) await sealer.prepare()
      return await change(actor, within, id, async (transaction, row) => {
        const now = clock()
        const context = { transaction, sealer, scheme: schemeOf(row.scheme), now }
        const of = ['key_id', '=', id] as const
        const turned =
          row.public_key === ''
            ? await rotateSecret(
                context,
                row,
                await transaction
                  .selectFrom('key_secret')
                  .selectAll()
                  .where(...of)
                  .execute(),
                rotation,
              )
            : await rotatePublicKey(
                context,
                row,
                await transaction
                  .selectFrom('key_public')
                  .selectAll()
                  .where(...of)
                  .execute(),
                rotation,
              )
        await put(transaction, turned.row)
        const secret = 'secret' in turned ? turned.secret : null
        return {
          event: { action: 'key.rotate', detail: turned.detail },
          value: { key: viewOf(turned.row, turned.live, now), secret, passphrase: null, warnings: [] },
        }
      })
    },

    setState: (actor, within, id, state) =>
      change(actor, within, id, async (transaction, row, credentials) => {
        const updated: KeyRow = { ...row, state, updated_at: clock() }
        if (state === 'active') await checkBounds(transaction, updated)
        await put(transaction, updated)
        const action = { active: 'key.enable', disabled: 'key.disable', revoked: 'key.revoke' }[state]
        return { event: { action, detail: { state: { before: row.state, after: state } } }, value: viewOf(updated, credentials, clock()) }
      }),

    open: id => openKey({ db: database.prompt, sealer, schemeOf, now: clock() }, id),

    onChanged: listener => void listeners.push(listener),
  }
}

/** Only to see that they can be read; the secret is another matter. */
function checkAddresses(scheme: Scheme, { id, public_key }: KeyRow, addresses: readonly string[]): void {
  const stand = public_key === '' ? { secret: new Uint8Array(32) } : { publicKey: public_key }
  checkedKey(scheme, { ...anyPassphrase(scheme), id, addresses, ...stand })
}

/** @throws ServerError 404, alike for a key that is not there and one of another organisation */
async function read(db: Db, within: Within, id: string): Promise<{ row: KeyRow; credentials: readonly CredentialRow[] }> {
  let query = db.selectFrom('api_key').selectAll().where('id', '=', id)
  if (within !== undefined) query = query.where('organisation_id', '=', within)
  const row = await query.executeTakeFirst()
  if (row === undefined) throw new ServerError('key-unknown', 404, `There is no key ${id.slice(0, 100)}.`)
  return { row, credentials: await credentialsOf(db, [id]) }
}

/** 0 is never. */
function endsLater({ expires_at: newer }: KeyRow, { expires_at: older }: KeyRow): boolean {
  return older !== 0 && (newer === 0 || newer > older)
}

/** @throws ServerError `ceiling-reached` */
async function checkBounds(transaction: Db, row: KeyRow): Promise<void> {
  checkCeilings(await ceilingsOf(transaction, row.organisation_id), boundedOf(row))
}

function boundedOf({ scheme, permissions, addresses }: KeyRow): Bounded {
  return { scheme, permissions: JSON.parse(permissions) as string[], addresses: JSON.parse(addresses) as string[] }
}

async function put(transaction: Db, { id, last_used_at: _, ...row }: KeyRow): Promise<void> {
  await transaction.updateTable('api_key').set(row).where('id', '=', id).execute()
}
