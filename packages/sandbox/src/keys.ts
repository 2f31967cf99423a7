import { randomBytes } from 'node:crypto'
import { createKey, type Key, type KeySource, type Scheme } from 'countersign'
import { ApiError } from './errors.ts'
import { PERMISSIONS, type Permission } from './permissions.ts'
import type { Sealer } from './seal.ts'
import type { Store } from './store/database.ts'

/** What a verified call acts for. */
export interface Principal {
  readonly keyId: string
  readonly organisationId: string
}

export interface NewKey {
  readonly organisationId: string
  readonly name: string
  readonly permissions: readonly Permission[]
  /** Milliseconds since the epoch; 0 or left out: never. */
  readonly expiresAtMs?: number
}

/** Ids like the ones of the real API: 10 bytes, 14 characters of base64url. */
const KEY_ID_BYTES = 10
/** As long as the secrets of public examples. */
const SECRET_BYTES = 60

export interface KeyStore extends KeySource {
  find(keyId: string): Promise<Key | undefined>
  /** The secret is base64 text, shown this once. */
  create(key: NewKey): Promise<{ readonly id: string; readonly secret: string }>
  revoke(keyId: string): Promise<void>
}

/** The keys of the sandbox. Every call asks the database, so that a revocation holds at once; opened keys are kept. */
export function createKeyStore(store: Store, sealer: Sealer, scheme: Scheme, clock: () => number): KeyStore {
  const opened = new Map<string, { readonly updatedAt: number; readonly key: Key }>()

  return {
    async find(keyId) {
      const row = await store.selectFrom('api_key').selectAll().where('id', '=', keyId).executeTakeFirst()
      if (row === undefined) return undefined
      const known = opened.get(keyId)
      if (known?.updatedAt === row.updated_at && known.key.state === row.state) return known.key
      const principal: Principal = { keyId, organisationId: row.organisation_id }
      const key = createKey(scheme, {
        id: keyId,
        secret: sealer.open(row.sealed_secret, keyId),
        state: row.state,
        expiresAtMs: row.expires_at === 0 ? undefined : row.expires_at,
        permissions: readPermissions(row.permissions),
        owner: principal,
      })
      opened.set(keyId, { updatedAt: row.updated_at, key })
      return key
    },

    async create({ organisationId, name, permissions, expiresAtMs = 0 }) {
      const id = randomBytes(KEY_ID_BYTES).toString('base64url')
      const secret = randomBytes(SECRET_BYTES)
      const now = clock()
      await store
        .insertInto('api_key')
        .values({
          id,
          organisation_id: organisationId,
          name,
          sealed_secret: sealer.seal(secret, id),
          permissions: JSON.stringify(permissions),
          state: 'active',
          fund_id: '',
          wallet_id: '',
          expires_at: expiresAtMs,
          created_at: now,
          updated_at: now,
        })
        .execute()
      return { id, secret: secret.toString('base64') }
    },

    async revoke(keyId) {
      const { numUpdatedRows } = await store
        .updateTable('api_key')
        .set({ state: 'revoked', updated_at: clock() })
        .where('id', '=', keyId)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) throw new ApiError(404, 'not-found', 'Not found', `There is no key ${keyId}.`)
    },
  }
}

/** The principal that a key of this store carries. */
export function principalOf(key: Key): Principal {
  return key.owner as Principal
}

function readPermissions(text: string): Permission[] {
  const names: unknown = JSON.parse(text)
  return PERMISSIONS.filter(permission => Array.isArray(names) && names.includes(permission))
}
