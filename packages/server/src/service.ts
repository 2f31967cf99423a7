import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { HttpBindings } from '@hono/node-server'
import type { Key, Scheme } from 'countersign'
import { SCHEMES } from 'countersign/schemes'
import type { Hono } from 'hono'
import { type Administrator, type Administrators, createAdministrators } from './admin/administrators.ts'
import type { AdminAppOptions, AdminCounts } from './admin/app.ts'
import { authenticate } from './admin/authenticate.ts'
import { createSessions } from './admin/sessions.ts'
import { createThrottle } from './admin/throttle.ts'
import { type AuditControl, createAuditControl } from './audit/audit-control.ts'
import { type Actor, SERVER } from './audit/audit-log.ts'
import { type Refusals, recordRefusals } from './audit/refusals.ts'
import type { Database } from './database/database.ts'
import { makeFolders } from './database/make-folders.ts'
import { openDatabase } from './database/open.ts'
import { isPostgres, refuseOtherKinds } from './database/store-url.ts'
import { ServerError } from './errors.ts'
import { type FollowedChanges, followKeyChanges } from './keys/key-changes.ts'
import { type KeyDays, recordKeyDays } from './keys/key-days.ts'
import { type CachedKeys, type CachedKeysOptions, cachedKeys } from './keys/key-source.ts'
import { createKeyStore, type KeyStore } from './keys/key-store.ts'
import { type LastUsed, recordLastUsed } from './keys/last-used.ts'
import { principalOf } from './keys/open-key.ts'
import type { Permission } from './keys/permissions.ts'
import { boundTo, createSealCheck, type SealCheck } from './seal/canary.ts'
import { masterKeysOfFile, masterKeysOfText } from './seal/key-file.ts'
import { createMasterKeyFile, MASTER_KEY_VARIABLE } from './seal/master-keys.ts'
import { createSealer, type Sealer } from './seal/sealer.ts'

/** Where keys are kept, and what opens their secrets. */
export interface StoreLocation {
  /** `postgres://…`, or a file of SQLite. */
  readonly store: string
  /** Default: beside an SQLite file; for PostgreSQL there is none, so the variable or this is wanted. */
  readonly masterKeyFile?: string | undefined
  /** The master keys themselves, in base64; goes before a file. Default: the environment's `COUNTERSIGN_MASTER_KEY`. */
  readonly masterKey?: string | undefined
}

export interface ServiceOptions extends StoreLocation {
  /** Refuses to make a store, a file of SQLite or tables of PostgreSQL (`store-missing`). Default: it is made. */
  readonly mustExist?: boolean | undefined
  /** Seals and opens secrets in the place of a master key here: a key management service, say. */
  readonly sealer?: Sealer | undefined
  /** Those that keys can be for; as a function, asked whenever one is. Default: all of the library's. */
  readonly schemes?: readonly Scheme[] | (() => readonly Scheme[]) | undefined
  /** Names of schemes that a gateway takes calls by: the console proposes them for new keys. Default: not known. */
  readonly usedSchemes?: readonly string[] | undefined
  /** The permissions that keys can have. Default: any name, so that whoever asks for one decides. */
  readonly permissions?: readonly Permission[] | undefined
  readonly clock?: (() => number) | undefined
  readonly cache?: Pick<CachedKeysOptions, 'maxAgeMs' | 'graceMs' | 'maxKeys' | 'unknownAgeMs' | 'maxUnknown'> | undefined
  /** How often changes by other processes are looked for. */
  readonly pollMs?: number | undefined
  /** How often counts of refusals and times of last use are written. */
  readonly flushMs?: number | undefined
  readonly onError?: ((error: unknown) => void) | undefined
  /** Told that the store, which could not be read (`onError`), can be again. */
  readonly onStoreReached?: (() => void) | undefined
  /** Sign-in of administrators by OpenID Connect. Default: by tokens alone. */
  readonly oidc?: AdminAppOptions['oidc']
  /** Counts what the admin API answers and refuses. */
  readonly adminCounts?: AdminCounts | undefined
}

export type AdminApp = Hono<{ Bindings: Partial<HttpBindings> }>

/** The key store at work: what a verifier, a command or the admin API need of it. */
export interface KeyService {
  readonly database: Database
  readonly keys: KeyStore
  readonly administrators: Administrators
  readonly audit: AuditControl
  /** For verifiers: `createVerifier(scheme, { keys: service.source.ofScheme(scheme.name), … })`. */
  readonly source: CachedKeys
  /** How the changes of keys by other processes are followed. */
  readonly changes: Pick<FollowedChanges, 'isReached' | 'ageMs'>
  /** Whether secrets can be opened. */
  readonly checkSeal: SealCheck
  readonly lastUsed: LastUsed
  /** Calls and refusals by key and day. */
  readonly days: KeyDays
  readonly refusals: Refusals
  /** All that keys can have; undefined: any name. */
  readonly permissions: readonly Permission[] | undefined
  /** Set when this start made the master key file. */
  readonly madeMasterKeyFile: string | undefined
  /** Set where the master key lies in the folder of the store: whoever copies that folder has all secrets. */
  readonly masterKeyBesideStore: string | undefined
  /** The admin API; loaded here, since a command that opens a store does without. */
  loadAdminApp(): Promise<AdminApp>
  /**
   * Tells the store that a key was used: by its scheme, or by way of something that is deprecated.
   *
   * @param use with the `credential` of the verified call, the key's secrets show which of them is in use
   */
  used(key: Key, use?: { readonly via?: string | undefined; readonly credential?: number | undefined }): void
  /**
   * Who makes a call of an administrator, by token or session.
   *
   * @throws ServerError 401, 403, 429
   */
  administratorOf(request: Request, address: string): Promise<Administrator>
  close(): Promise<void>
}

/** The master key file of a store, as an absolute path; undefined where none was given and there is no default. */
export function masterKeyFileFor({ store, masterKeyFile }: StoreLocation): string | undefined {
  if (masterKeyFile !== undefined) return resolve(masterKeyFile)
  return isPostgres(store) ? undefined : resolve(`${store}.master-key`)
}

/**
 * Opens a key store. The first start on an SQLite file makes the master key file beside it, with mode 0600.
 *
 * A file that is not a key store is left as it is.
 *
 * @throws ServerError `store-unknown`, `store-missing`, `store-unusable`, `store-not-sqlite`, `store-newer`,
 * `store-foreign`, `store-damaged`, `store-unreachable` and others of a database that fails; `master-key-missing`,
 * `master-key-malformed`, `master-key-wrong`; `vault-…` where Vault has wrapped the master key
 */
export async function openKeyService(options: ServiceOptions): Promise<KeyService> {
  const { store, clock = Date.now, permissions, flushMs, onError } = options
  const given = options.schemes ?? SCHEMES
  const schemes = typeof given === 'function' ? given : () => given
  refuseOtherKinds(store)
  if (!isPostgres(store)) {
    // Loaded here, since PostgreSQL needs no driver of SQLite.
    const { lookAtFile } = await import('./database/look-at-file.ts')
    await lookAtFile(store, options.mustExist === true)
    makeFolders(dirname(store))
  } else {
    const { lookAtPostgres } = await import('./database/look-at-postgres.ts')
    await lookAtPostgres(store, options.mustExist === true)
  }
  const {
    sealer: unbound,
    made,
    beside,
  }: OpenedMasterKeys = options.sealer === undefined ? await openMasterKeys(options) : { ...NO_FILE, sealer: options.sealer }
  const database = await openDatabase(store)
  try {
    const sealer = boundTo(database.db, unbound)
    await sealer.prepare()
    const keys = createKeyStore({ database, sealer, schemes, permissions, clock })
    // To strangers a key that can't be used is one that is not there.
    const unusable = (error: unknown): undefined => {
      if (!(error instanceof ServerError) || error.code !== 'key-unusable') throw error
      onError?.(error)
      return undefined
    }
    const source = cachedKeys({
      open: id => keys.open(id).catch(unusable),
      now: clock,
      age: options.clock ?? (() => performance.now()),
      ...options.cache,
    })
    keys.onChanged(source.forget)
    const following = await followKeyChanges({
      database,
      pollMs: options.pollMs,
      onChanged: ids => ids.forEach(source.forget),
      onLost: source.forgetAll,
      onReached: options.onStoreReached,
      onError,
    })
    const lastUsed = recordLastUsed(database.db, clock, flushMs, onError)
    const days = recordKeyDays(database, clock, flushMs, onError)
    const log = recordRefusals(database, clock, flushMs, onError)
    const refusals: Refusals = {
      ...log,
      refused(call) {
        log.refused(call)
        days.refused(call.failure, call.secretId)
      },
    }
    const administrators = createAdministrators(database, clock)
    const audit = createAuditControl(database, sealer, clock)
    const adminAccess = { administrators, sessions: createSessions(database, clock), throttle: createThrottle(clock) }
    let adminApp: Promise<AdminApp> | undefined
    const makeAdminApp = async (): Promise<AdminApp> => {
      const { createAdminApp } = await import('./admin/app.ts')
      const { adminCounts, oidc } = options
      const isSecure = oidc?.settings.publicOrigin.startsWith('https:') === true
      const onRefused: AdminAppOptions['onRefused'] = (code, request) => {
        refusals.adminRefused(code, request)
        adminCounts?.refused(code)
      }
      return await createAdminApp({
        db: database.db,
        keys,
        audit,
        ...adminAccess,
        permissions,
        schemes: schemes(),
        usedSchemes: options.usedSchemes,
        clock,
        onRefused,
        onAnswered: adminCounts?.answered,
        isSecure,
        oidc,
        onError,
      })
    }
    return {
      database,
      keys,
      administrators,
      audit,
      source,
      changes: following,
      checkSeal: createSealCheck(database.prompt, unbound),
      lastUsed,
      days,
      refusals,
      permissions,
      madeMasterKeyFile: made,
      masterKeyBesideStore: beside,
      loadAdminApp: () => {
        adminApp ??= makeAdminApp()
        return adminApp
      },
      used(key, { via = key.schemeName, credential } = {}) {
        const { keyId, credentials } = principalOf(key)
        const secretId = credential === undefined ? undefined : credentials[credential]
        lastUsed.used(keyId, via, secretId)
        days.used(keyId, secretId)
      },
      administratorOf: async (request, address) => (await authenticate(request, address, adminAccess)).administrator,
      async close() {
        await following.close()
        await lastUsed.close()
        await days.close()
        await refusals.close()
        await database.close()
      },
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

interface OpenedMasterKeys {
  readonly sealer: Sealer
  /** The file that was made, together with a new store. */
  readonly made: string | undefined
  /** The file, where it is in the store's folder. */
  readonly beside: string | undefined
}

const NO_FILE = { made: undefined, beside: undefined }

async function openMasterKeys(options: StoreLocation): Promise<OpenedMasterKeys> {
  const { store, masterKey = process.env[MASTER_KEY_VARIABLE] } = options
  if (masterKey !== undefined) return { ...NO_FILE, sealer: createSealer(await masterKeysOfText(masterKey)) }
  const file = masterKeyFileFor(options)
  if (file === undefined)
    throw new ServerError(
      'master-key-missing',
      500,
      `A store on PostgreSQL wants a master key: make one with countersign master-key create FILE, and give it with --master-key-file, or its text in ${MASTER_KEY_VARIABLE}.`,
    )
  // Only together with a new store: a store that is there has a key already, and a new one would not open it.
  const isNew = !existsSync(file) && !isPostgres(store) && !existsSync(store)
  if (isNew) createMasterKeyFile(file)
  const isBeside = !isPostgres(store) && dirname(file) === dirname(resolve(store))
  return { sealer: createSealer(await masterKeysOfFile(file)), made: isNew ? file : undefined, beside: isBeside ? file : undefined }
}

/** What is said at every start that finds the master key beside its store. */
export function besideStoreAdvice(file: string): string {
  return `The master key lies beside its store (${file}): whoever copies that folder has all secrets. Keep it elsewhere and say where with --master-key-file, or give it as ${MASTER_KEY_VARIABLE}.`
}

const FIRST_ORGANISATION = 'default'

/** Makes an organisation to put keys into, where there is none. */
export async function ensureOrganisation({ administrators }: KeyService, actor: Actor = SERVER): Promise<void> {
  const [somebody] = await administrators.organisations(undefined)
  if (somebody === undefined)
    await administrators.createOrganisation(actor, { id: FIRST_ORGANISATION, name: 'Default', kind: 'organisation' })
}

/**
 * What a first start makes: an organisation, and an operator.
 *
 * @param show gets the operator's token, this once; where it fails, the token does not count and the next start makes
 * another
 */
export async function bootstrap(service: KeyService, show: (token: string) => void | Promise<void>, actor: Actor = SERVER): Promise<void> {
  await ensureOrganisation(service, actor)
  const first = await service.administrators.bootstrap(actor)
  if (first === undefined) return
  await show(first.token)
  await first.shown()
}
