import { randomUUID } from 'node:crypto'
import { type Actor, recorded } from '../audit/audit-log.ts'
import type { Database } from '../database/database.ts'
import { ServerError } from '../errors.ts'
import { type Ceilings, ceilingsOf, findExcess } from '../keys/ceilings.ts'
import { checkedAddresses } from '../keys/checked-key.ts'
import type { Within } from '../keys/key-store.ts'

export interface OrganisationView {
  readonly id: string
  readonly kind: 'organisation' | 'person'
  readonly name: string
  readonly createdAt: string
  readonly ceilings: Ceilings
}

export interface Organisations {
  organisations(within: Within): Promise<readonly OrganisationView[]>
  createOrganisation(
    actor: Actor,
    given: { readonly id?: string | undefined; readonly name: string; readonly kind: 'organisation' | 'person' },
  ): Promise<OrganisationView>
  /**
   * Sets what its keys and administrators may be at most, from now on.
   *
   * @returns with the ids of keys that are above a ceiling already: they stay as they are until somebody changes them
   */
  setCeilings(actor: Actor, id: string, ceilings: Ceilings): Promise<{ readonly ceilings: Ceilings; readonly exceeding: readonly string[] }>
}

export function createOrganisations(database: Database, clock: () => number): Organisations {
  const { db } = database
  return {
    async organisations(within) {
      let query = db.selectFrom('organisation').selectAll().orderBy('created_at')
      if (within !== undefined) query = query.where('id', '=', within)
      return (await query.execute()).map(({ id, kind, name, created_at, ceilings }) => ({
        id,
        kind,
        name,
        createdAt: new Date(created_at).toISOString(),
        ceilings: JSON.parse(ceilings) as Ceilings,
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
      return { id, kind, name, createdAt: new Date(now).toISOString(), ceilings: {} }
    },

    async setCeilings(actor, id, ceilings) {
      checkedAddresses(ceilings.addresses ?? [])
      return await recorded(database, actor, clock(), async transaction => {
        const before = await ceilingsOf(transaction, id)
        await transaction
          .updateTable('organisation')
          .set({ ceilings: JSON.stringify(ceilings) })
          .where('id', '=', id)
          .execute()
        const keys = await transaction
          .selectFrom('api_key')
          .select(['id', 'scheme', 'permissions', 'addresses'])
          .where('organisation_id', '=', id)
          .where('state', '!=', 'revoked')
          .execute()
        const exceeding = keys.filter(({ scheme, permissions, addresses }) => {
          const key = { scheme, permissions: JSON.parse(permissions) as string[], addresses: JSON.parse(addresses) as string[] }
          return findExcess(ceilings, key) !== undefined
        })
        const event = { action: 'organisation.ceilings', organisationId: id, subject: id, detail: { before, after: ceilings } }
        return { events: [event], value: { ceilings, exceeding: exceeding.map(key => key.id) } }
      })
    },
  }
}
