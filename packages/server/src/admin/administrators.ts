import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import { type Actor, type Event, recorded } from '../audit/audit-log.ts'
import type { Database, Db } from '../database/database.ts'
import type { Tables } from '../database/tables.ts'
import { ServerError } from '../errors.ts'
import type { Within } from '../keys/key-store.ts'
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
  readonly disabled: boolean
}

export interface OrganisationView {
  readonly id: string
  readonly kind: 'organisation' | 'person'
  readonly name: string
  readonly createdAt: string
}

export interface Administrators {
  /** Who a token belongs to. */
  authenticate(token: string): Promise<Administrator | undefined>
  /** As they are now; undefined when they are disabled. */
  find(id: string): Promise<Administrator | undefined>
  list(within: Within): Promise<readonly AdministratorView[]>
  /** @param keep gets the token before it counts; where it fails, nothing is made */
  create(
    actor: Actor,
    given: GivenAdministrator,
    keep?: (token: string) => void,
  ): Promise<{ readonly administrator: AdministratorView; readonly token: string }>
  disable(actor: Actor, within: Within, id: string): Promise<void>
  /**
   * The first start's operator; undefined when there is already somebody. Until `shown` is called, the next start puts
   * another in its place: a token that nobody saw would lock everybody out.
   */
  bootstrap(actor: Actor): Promise<{ readonly token: string; shown(): Promise<void> } | undefined>
  organisations(within: Within): Promise<readonly OrganisationView[]>
  createOrganisation(
    actor: Actor,
    given: { readonly id?: string | undefined; readonly name: string; readonly kind: 'organisation' | 'person' },
  ): Promise<OrganisationView>
}

/** The setting that names the first operator while its token has not been shown. */
const UNSHOWN = 'first-token-unshown'

interface GivenAdministrator {
  readonly name: string
  readonly role: Role
  readonly organisationId: string | undefined
}

function rowFor(id: string, token: string, given: GivenAdministrator, now: number): Selectable<Tables['administrator']> {
  return {
    id,
    organisation_id: given.organisationId ?? null,
    name: given.name,
    role: given.role,
    token_hash: hashToken(token),
    created_at: now,
    disabled_at: 0,
    expires_at: 0,
  }
}

async function end(transaction: Db, id: string, now: number): Promise<void> {
  await transaction.updateTable('administrator').set({ disabled_at: now }).where('id', '=', id).execute()
  await transaction.deleteFrom('session').where('administrator_id', '=', id).execute()
}

export function createAdministrators(database: Database, clock: () => number): Administrators {
  const { db } = database

  async function find(id: string): Promise<(Administrator & { readonly tokenHash: string }) | undefined> {
    const row = await db.selectFrom('administrator').selectAll().where('id', '=', id).where('disabled_at', '=', 0).executeTakeFirst()
    if (row === undefined) return undefined
    return { id, name: row.name, role: row.role, organisationId: row.organisation_id ?? undefined, tokenHash: row.token_hash }
  }

  const administrators: Administrators = {
    find,

    async authenticate(token) {
      const id = idOfToken(token)
      if (id === undefined) return undefined
      const found = await find(id)
      if (!isToken(token, found?.tokenHash) || found === undefined) return undefined
      const { tokenHash: _, ...administrator } = found
      return administrator
    },

    async list(within) {
      let query = db.selectFrom('administrator').selectAll().orderBy('created_at')
      if (within !== undefined) query = query.where('organisation_id', '=', within)
      return (await query.execute()).map(row => ({
        id: row.id,
        name: row.name,
        role: row.role,
        organisationId: row.organisation_id,
        createdAt: new Date(row.created_at).toISOString(),
        disabled: row.disabled_at !== 0,
      }))
    },

    async create(actor, { name, role, organisationId }, keep) {
      const { id, text } = newToken()
      keep?.(text)
      const row = rowFor(id, text, { name, role, organisationId }, clock())
      await recorded(database, actor, clock(), async transaction => {
        if (organisationId !== undefined) {
          const known = await transaction.selectFrom('organisation').select('id').where('id', '=', organisationId).executeTakeFirst()
          if (known === undefined) throw new ServerError('organisation-unknown', 404, `There is no organisation ${organisationId}.`)
        }
        await transaction.insertInto('administrator').values(row).execute()
        const event = { action: 'administrator.create', organisationId: organisationId ?? '', subject: id, detail: { name, role } }
        return { events: [event], value: undefined }
      })
      const createdAt = new Date(row.created_at).toISOString()
      return { administrator: { id, name, role, organisationId: row.organisation_id, createdAt, disabled: false }, token: text }
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

    async organisations(within) {
      let query = db.selectFrom('organisation').selectAll().orderBy('created_at')
      if (within !== undefined) query = query.where('id', '=', within)
      return (await query.execute()).map(({ id, kind, name, created_at }) => ({
        id,
        kind,
        name,
        createdAt: new Date(created_at).toISOString(),
      }))
    },

    async createOrganisation(actor, { id = randomUUID(), name, kind }) {
      const now = clock()
      await recorded(database, actor, now, async transaction => {
        const known = await transaction.selectFrom('organisation').select('id').where('id', '=', id).executeTakeFirst()
        if (known !== undefined) throw new ServerError('organisation-exists', 409, `There is already an organisation ${id}.`)
        await transaction.insertInto('organisation').values({ id, kind, name, created_at: now, ceilings: '{}' }).execute()
        return { events: [{ action: 'organisation.create', organisationId: id, subject: id, detail: { name, kind } }], value: undefined }
      })
      return { id, kind, name, createdAt: new Date(now).toISOString() }
    },
  }
  return administrators
}
