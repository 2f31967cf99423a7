import {
  ensureOrganisation,
  type ImportedKey,
  type KeyChanges,
  type KeyPage,
  type KeyQuery,
  type KeyView,
  type MigrationReport,
  migrationReport,
  type NewKey,
  openKeyService,
  type Rotation,
  ServerError,
  type ShownKey,
  type StoreLocation,
} from '@countersign/server'
import { localActor } from './local-actor.ts'

interface MigrationQuestion {
  readonly from: readonly string[]
  readonly to: readonly string[]
  readonly days: number
}

export type Verb = 'enable' | 'disable' | 'revoke'

/** What the command does with keys, on a store itself or through a server's admin API. */
export interface KeyManager {
  list(query: KeyQuery): Promise<KeyPage>
  get(id: string): Promise<KeyView>
  create(key: NewKey): Promise<ShownKey>
  import(key: ImportedKey): Promise<ShownKey>
  update(id: string, changes: KeyChanges): Promise<KeyView>
  rotate(id: string, rotation: Rotation): Promise<ShownKey>
  set(id: string, verb: Verb): Promise<KeyView>
  /** Which keys still use what is deprecated. */
  migration(question: MigrationQuestion): Promise<MigrationReport>
  /** Set when this made a store, and with it a master key file. */
  readonly madeMasterKeyFile?: string | undefined
  close(): Promise<void>
}

const DAY_MS = 86_400_000
const STATES = { enable: 'active', disable: 'disabled', revoke: 'revoked' } as const

/** On a store itself. */
export async function openStoreManager(location: StoreLocation, organisation: string | undefined): Promise<KeyManager> {
  const service = await openKeyService(location)
  const actor = localActor()
  const { keys, administrators } = service
  async function organisationOrOnly(): Promise<string> {
    if (organisation !== undefined) return organisation
    await ensureOrganisation(service)
    const [only, ...others] = await administrators.organisations(undefined)
    if (only !== undefined && others.length === 0) return only.id
    throw new ServerError('organisation-missing', 400, 'There are several organisations: say which with --organisation.')
  }
  return {
    madeMasterKeyFile: service.madeMasterKeyFile,
    list: query => keys.list(organisation, query),
    get: id => keys.get(organisation, id),
    create: async key => keys.create(actor, await organisationOrOnly(), key),
    import: async key => keys.import(actor, await organisationOrOnly(), key),
    update: (id, changes) => keys.update(actor, organisation, id, changes),
    rotate: (id, rotation) => keys.rotate(actor, organisation, id, rotation),
    set: (id, verb) => keys.setState(actor, organisation, id, STATES[verb]),
    migration: ({ from, to, days }) =>
      migrationReport(service.database.db, organisation, { from, to, sinceMs: Date.now() - days * DAY_MS }),
    close: () => service.close(),
  }
}

/** @param token of an administrator */
export function openServerManager(origin: string, token: string, organisation: string | undefined): KeyManager {
  const base = `${origin.replace(/\/+$/, '')}/admin/v1`
  const about = organisation === undefined ? {} : { organisation }

  async function call<T>(method: string, path: string, query: object, body?: unknown): Promise<T> {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
    const response = await fetch(`${base}${path}${search.size === 0 ? '' : `?${search}`}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
    })
    const text = await response.text()
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      throw new ServerError(
        'answer-malformed',
        502,
        `${base} did not answer with JSON (status ${response.status}): is it a countersign server?`,
      )
    }
    if (response.ok) return value as T
    const { code = 'refused', detail = `status ${response.status}` } = value as { code?: string; detail?: string }
    throw new ServerError(code, response.status, detail)
  }
  const at = (id: string): string => `/keys/${encodeURIComponent(id)}`
  return {
    list: query => call('GET', '/keys', { ...query, ...about }),
    get: id => call('GET', at(id), {}),
    create: key => call('POST', '/keys', about, key),
    import: key => call('POST', '/keys/import', about, key),
    update: (id, changes) => call('PATCH', at(id), {}, changes),
    rotate: (id, rotation) => call('POST', `${at(id)}/rotate`, {}, rotation),
    set: (id, verb) => call('POST', `${at(id)}/${verb}`, {}),
    migration: ({ from, to, days }) => call('GET', '/migration', { from: listed(from), to: listed(to), days }),
    close: () => Promise.resolve(),
  }
}

/** By commas; nothing where there are none. */
function listed(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : names.join(',')
}
