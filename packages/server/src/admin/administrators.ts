import type { Selectable } from 'kysely'
import { type Actor, type Event, recorded } from '../audit/audit-log.ts'
import type { Database, Db } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import { ServerError } from '../errors.ts'
import { ceilingsOf, checkAdministratorCount } from '../keys/ceilings.ts'
import { momentOf } from '../keys/key-row.ts'
import type { Within } from '../keys/key-store.ts'
import { createOrganisations, type Organisations } from './organisations.ts'
import { hashToken, idOfToken, isToken, newToken } from './tokens.ts'

/**
 * `operator`: everything, in all organisations. `admin`: one organisation's keys and administrators. `auditor`: reads
 * them.
 */
export const ROLES = ['operator', 'admin', 'auditor'] as const
export type Role = (typeof ROLES)[number]

export interface Administrator {
  readonly id: string
  readonly name: string
  readonly role: Role
  /** Undefined: all. */
  readonly organisationId: Within
}

export interface AdministratorView {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly organisationId: string | null
  readonly createdAt: string
  /** Null: never. */
  readonly expiresAt: string | null
  readonly disabled: boolean
}

/** How long a token is good, unless it is said otherwise: 90 days. */
export const TOKEN_MS = 7_776_000_000
/** The longest that an administrator of one organisation can give a token: a year. */
const MAX_TOKEN_MS = 31_622_400_000
/** How long the old token stays good after a renewal, so that a lost answer locks nobody out. */
const RENEWED_OVERLAP_MS = 3_600_000

export interface Administrators extends Organisations {
  /** Who a token belongs to. */
  authenticate(token: string, from?: Db): Promise<Administrator | undefined>
  /**
   * As they are now; undefined when they are disabled, or their token has ended.
   *
   * @param tokenHash of a token that has to be good still; empty: any
   */
  find(id: string, tokenHash: string, from?: Db): Promise<Administrator | undefined>
  list(within: Within): Promise<readonly AdministratorView[]>
  /**
   * @param within the organisation of whoever makes it, who can give no more than it has; undefined: an operator
   * @param keep gets the token before it counts; where it fails, nothing is made
   * @throws ServerError `role-denied`, `expiry-too-late`, `expiry-past`, `organisation-missing`,
   * `organisation-unwanted`, `ceiling-reached`
   */
  create(
    actor: Actor,
    within: Within,
    given: GivenAdministrator,
    keep?: (token: string) => void,
  ): Promise<{ readonly administrator: AdministratorView; readonly token: string }>
  /**
   * A new token for the same administrator, good for {@link TOKEN_MS}. The one that it is renewed with stays good for
   * an hour at most, and any other ends.
   */
  renew(actor: Actor, id: string, token: string): Promise<{ readonly administrator: AdministratorView; readonly token: string }>
  disable(actor: Actor, within: Within, id: string): Promise<void>
  /**
   * The first start's operator; undefined when there is already somebody. Until `shown` is called, the next start puts
   * another in its place: a token that nobody saw would lock everybody out.
   */
  bootstrap(actor: Actor): Promise<{ readonly token: string; shown(): Promise<void> } | undefined>
}

/** The setting that names the first operator while its token has not been shown. */
const UNSHOWN = 'first-token-unshown'

interface GivenAdministrator {
  readonly name: string
  readonly role: Role
  readonly organisationId?: string | undefined
  /** Milliseconds since the epoch; null: never. Default: {@link TOKEN_MS} from now. */
  readonly expiresAtMs?: number | null | undefined
}

type AdministratorRow = Selectable<Tables['administrator']>

function withoutRow({ row: _, ...administrator }: Administrator & { readonly row: AdministratorRow }): Administrator {
  return administrator
}

function viewOf(row: AdministratorRow): AdministratorView {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    organisationId: row.organisation_id,
    createdAt: new Date(row.created_at).toISOString(),
    expiresAt: momentOf(row.expires_at),
    disabled: row.disabled_at !== 0,
  }
}

function isOver({ expires_at: expiresAt }: AdministratorRow, now: number): boolean {
  return expiresAt !== 0 && expiresAt <= now
}

/** Of the tokens that are good: the last one, and for an hour the one that renewed itself. */
function goodHashes(row: AdministratorRow, now: number): readonly string[] {
  return row.previous_expires_at > now ? [row.token_hash, row.previous_token_hash] : [row.token_hash]
}

function rowFor(id: string, token: string, given: GivenAdministrator, now: number): AdministratorRow {
  return {
    id,
    organisation_id: given.organisationId ?? null,
    name: given.name,
    role: given.role,
    token_hash: hashToken(token),
    created_at: now,
    disabled_at: 0,
    expires_at: given.expiresAtMs === undefined ? now + TOKEN_MS : (given.expiresAtMs ?? 0),
    previous_token_hash: '',
    previous_expires_at: 0,
  }
}

function checkGiven(within: Within, { role, organisationId, expiresAtMs }: GivenAdministrator, now: number): void {
  if (within !== undefined && (role === 'operator' || (organisationId !== undefined && organisationId !== within)))
    throw new ServerError('role-denied', 403, 'You can make administrators and auditors of your own organisation.')
  if (within !== undefined && expiresAtMs !== undefined && (expiresAtMs === null || expiresAtMs > now + MAX_TOKEN_MS))
    throw new ServerError('expiry-too-late', 403, 'Tokens that you make end within a year; an operator can make others.')
  if (role === 'admin' && within === undefined && organisationId === undefined)
    throw new ServerError('organisation-missing', 400, 'An admin belongs to an organisation: give organisationId.')
  if (role === 'operator' && organisationId !== undefined)
    throw new ServerError('organisation-unwanted', 400, 'An operator works in all organisations: leave organisationId out.')
}

async function end(transaction: Db, id: string, now: number): Promise<void> {
  await transaction.updateTable('administrator').set({ disabled_at: now }).where('id', '=', id).execute()
  await transaction.deleteFrom('session').where('administrator_id', '=', id).execute()
}

export function createAdministrators(database: Database, clock: () => number): Administrators {
  const { db } = database

  async function find(id: string, from = db): Promise<(Administrator & { readonly row: AdministratorRow }) | undefined> {
    const row = await from.selectFrom('administrator').selectAll().where('id', '=', id).where('disabled_at', '=', 0).executeTakeFirst()
    if (row === undefined || isOver(row, clock())) return undefined
    return { id, name: row.name, role: row.role, organisationId: row.organisation_id ?? undefined, row }
  }

  const administrators: Administrators = {
    ...createOrganisations(database, clock),

    async find(id, tokenHash, from) {
      const found = await find(id, from)
      if (found === undefined || (tokenHash !== '' && !goodHashes(found.row, clock()).includes(tokenHash))) return undefined
      return withoutRow(found)
    },

    async authenticate(token, from) {
      const id = idOfToken(token)
      if (id === undefined) return undefined
      const found = await find(id, from)
      const [current, previous] = found === undefined ? [] : goodHashes(found.row, clock())
      // Both, as for somebody who isn't there.
      const isCurrent = isToken(token, current)
      const isPrevious = isToken(token, previous)
      return found !== undefined && (isCurrent || isPrevious) ? withoutRow(found) : undefined
    },

    async list(within) {
      let query = db.selectFrom('administrator').selectAll().orderBy('created_at')
      if (within !== undefined) query = query.where('organisation_id', '=', within)
      return (await query.execute()).map(viewOf)
    },

    async create(actor, within, given, keep) {
      checkGiven(within, given, clock())
      const { name, role } = given
      const organisationId = within ?? given.organisationId
      const { id, text } = newToken()
      const row = rowFor(id, text, { ...given, organisationId }, clock())
      if (isOver(row, clock())) throw new ServerError('expiry-past', 400, 'The token would have ended already: give a later expiresAt.')
      keep?.(text)
      await recorded(database, actor, clock(), async transaction => {
        if (organisationId !== undefined)
          await checkAdministratorCount(transaction, organisationId, await ceilingsOf(transaction, organisationId), clock())
        await transaction.insertInto('administrator').values(row).execute()
        const detail = { name, role, expiresAt: momentOf(row.expires_at) }
        return { events: [{ action: 'administrator.create', organisationId: organisationId ?? '', subject: id, detail }], value: undefined }
      })
      return { administrator: viewOf(row), token: text }
    },

    async renew(actor, id, token) {
      const now = clock()
      const { text } = newToken(id)
      const row = await recorded(database, actor, now, async transaction => {
        const old = await transaction
          .selectFrom('administrator')
          .selectAll()
          .where('id', '=', id)
          .where('disabled_at', '=', 0)
          .executeTakeFirst()
        if (old === undefined || (old.expires_at !== 0 && old.expires_at <= now))
          throw new ServerError('administrator-unknown', 404, `There is no administrator ${id.slice(0, 100)}, or the token has ended.`)
        const overlapEndsAt = old.expires_at === 0 ? now + RENEWED_OVERLAP_MS : Math.min(now + RENEWED_OVERLAP_MS, old.expires_at)
        // With the one before: the one between was lost, perhaps.
        const previous = isToken(token, old.token_hash) ? { previous_token_hash: old.token_hash, previous_expires_at: overlapEndsAt } : {}
        const changes = { token_hash: hashToken(text), expires_at: now + TOKEN_MS, ...previous }
        await transaction.updateTable('administrator').set(changes).where('id', '=', id).execute()
        const detail = { expiresAt: { before: momentOf(old.expires_at), after: momentOf(changes.expires_at) } }
        const event = { action: 'administrator.renew', organisationId: old.organisation_id ?? '', subject: id, detail }
        return { events: [event], value: { ...old, ...changes } }
      })
      return { administrator: viewOf(row), token: text }
    },

    async disable(actor, within, id) {
      await recorded(database, actor, clock(), async transaction => {
        let query = transaction.selectFrom('administrator').selectAll().where('id', '=', id)
        if (within !== undefined) query = query.where('organisation_id', '=', within)
        const row = await query.executeTakeFirst()
        if (row === undefined) throw new ServerError('administrator-unknown', 404, `There is no administrator ${id.slice(0, 100)}.`)
        await end(transaction, id, clock())
        return { events: [{ action: 'administrator.disable', organisationId: row.organisation_id ?? '', subject: id }], value: undefined }
      })
    },

    async bootstrap(actor) {
      const { id, text } = newToken()
      const now = clock()
      const isFirst = await recorded(database, actor, now, async transaction => {
        const unshown = await transaction.selectFrom('setting').select('value').where('name', '=', UNSHOWN).executeTakeFirst()
        const others = await transaction
          .selectFrom('administrator')
          .select('id')
          .where('id', '!=', unshown?.value ?? '')
          .limit(1)
          .executeTakeFirst()
        if (others !== undefined) return { events: [], value: false }
        const events: Event[] = []
        if (unshown !== undefined) {
          await transaction.deleteFrom('session').where('administrator_id', '=', unshown.value).execute()
          await transaction.deleteFrom('administrator').where('id', '=', unshown.value).execute()
          events.push({ action: 'administrator.remove', organisationId: '', subject: unshown.value, detail: { reason: 'never shown' } })
        }
        await transaction.deleteFrom('setting').where('name', '=', UNSHOWN).execute()
        await transaction.insertInto('setting').values({ name: UNSHOWN, value: id }).execute()
        await transaction
          .insertInto('administrator')
          .values(rowFor(id, text, { name: 'bootstrap', role: 'operator', organisationId: undefined }, now))
          .execute()
        events.push({ action: 'administrator.create', organisationId: '', subject: id, detail: { name: 'bootstrap', role: 'operator' } })
        return { events, value: true }
      })
      if (!isFirst) return undefined
      const shown = async (): Promise<void> => {
        const { numDeletedRows } = await db.deleteFrom('setting').where('name', '=', UNSHOWN).where('value', '=', id).executeTakeFirst()
        if (numDeletedRows === 0n)
          throw new ServerError(
            'token-superseded',
            409,
            'Another server started at the same time and showed its own first token: use that one.',
          )
      }
      return { token: text, shown }
    },
  }
  return administrators
}
