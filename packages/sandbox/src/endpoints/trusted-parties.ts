import { z } from 'zod'
import { endpoint } from '../api/endpoint.ts'
import { ApiError } from '../errors.ts'
import { seconds, timestamp } from '../values.ts'

const party = z
  .object({
    userID: z.string(),
    firstName: z.string(),
    lastName: z.string(),
    email: z.string(),
    username: z.string(),
    internal: z.boolean(),
    pending: z.boolean(),
    created: timestamp,
  })
  .meta({ id: 'TrustedParty' })

export const trustedParties = endpoint({
  method: 'GET',
  path: '/trustedparties',
  summary: 'Whom a person trusts; personal accounts only',
  answer: z.object({ members: z.array(party) }),
  async handle({ store, principal: { organisationId } }) {
    const { kind } = await store.selectFrom('organisation').select('kind').where('id', '=', organisationId).executeTakeFirstOrThrow()
    if (kind !== 'person')
      throw new ApiError(403, 'personal-accounts-only', 'Permission denied', 'Trusted parties are there for personal accounts only.')
    const rows = await store
      .selectFrom('trusted_party')
      .selectAll()
      .where('organisation_id', '=', organisationId)
      .orderBy('username')
      .execute()
    return {
      members: rows.map(row => ({
        userID: row.id,
        firstName: row.first_name,
        lastName: row.last_name,
        email: row.email,
        username: row.username,
        internal: row.internal === 1,
        pending: row.pending === 1,
        created: seconds(row.created_at),
      })),
    }
  },
})
