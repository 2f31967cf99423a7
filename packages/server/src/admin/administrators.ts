import { randomUUID } from 'node:crypto'
import { type Actor, recorded } from '../audit/audit-log.ts'
import type { Database } from '../database/database.ts'
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
  create(
    actor: Actor,
    given: { readonly name: string; readonly role: Role; readonly organisationId: string | undefined },
  ): Promise<{ readonly administrator: AdministratorView; readonly token: string }>
  disable(actor: Actor, within: Within, id: string): Promise<void>
  /** The first start's operator; undefined when there is already somebody. */
  bootstrap(actor: Actor): Promise<string | undefined>
  organisations(within: Within): Promise<readonly OrganisationView[]>
  createOrganisation(
    actor: Actor,
    given: { readonly id?: string | undefined; readonly name: string; readonly kind: 'organisation' | 'person' },
  ): Promise<OrganisationView>
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

    async create(actor, { name, role, organisationId }) {
      const { id, text } = newToken()
      const row = {
        id,
        organisation_id: organisationId ?? null,
        name,
        role,
        token_hash: hashToken(text),
        created_at: clock(),
        disabled_at: 0,
      }
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
        await transaction.updateTable('administrator').set({ disabled_at: clock() }).where('id', '=', id).execute()
        await transaction.deleteFrom('session').where('administrator_id', '=', id).execute()
        return { events: [{ action: 'administrator.disable', organisationId: row.organisation_id ?? '', subject: id }], value: undefined }
      })
    },

    async bootstrap(actor) {
      const somebody = await db.selectFrom('administrator').select('id').limit(1).executeTakeFirst()
      if (somebody !== undefined) return undefined
      const { token } = await administrators.create(actor, { name: 'bootstrap', role: 'operator', organisationId: undefined })
      return token
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
        await transaction.insertInto('organisation').values({ id, kind, name, created_at: now }).execute()
        return { events: [{ action: 'organisation.create', organisationId: id, subject: id, detail: { name, kind } }], value: undefined }
      })
      return { id, kind, name, createdAt: new Date(now).toISOString() }
    },
  }
  return administrators
}
