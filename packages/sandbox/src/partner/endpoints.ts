import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { z } from 'zod'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { notFound } from '../errors.ts'
import { count } from '../values.ts'

const text = z.string().trim().max(200)
const fields = {
  name: text.min(1),
  city: text,
  country: z.string().regex(/^[A-Z]{2}$/, 'two capital letters of ISO 3166-1, such as FR'),
  domain: text,
  ref: text.meta({ description: 'Your own reference.' }),
}
const company = z
  .object({ company_id: z.string(), name: z.string(), city: z.string(), country: z.string(), domain: z.string(), ref: z.string() })
  .meta({ id: 'Company' })

const search = endpoint({
  method: 'GET',
  path: '/company/search',
  summary: 'Companies whose names hold a text; all of them without one',
  query: z.object({ query: z.string().min(3, 'at least three letters').max(200).optional() }),
  answer: z.object({ total_count: count, matches: z.array(z.object({ company_id: z.string(), name: z.string(), domain: z.string() })) }),
  async handle({ store, principal, query: { query } }) {
    let found = store.selectFrom('company').select(['id', 'name', 'domain']).where('organisation_id', '=', principal.organisationId)
    if (query !== undefined) found = found.where(sql<boolean>`instr(lower(name), lower(${query})) > 0`)
    const rows = await found.orderBy('name').limit(1000).execute()
    return { total_count: rows.length, matches: rows.map(({ id, name, domain }) => ({ company_id: id, name, domain })) }
  },
})

const create = endpoint({
  method: 'POST',
  path: '/company',
  summary: 'Make a company',
  body: z.object({ ...fields, ref: fields.ref.default('') }).meta({ id: 'NewCompany' }),
  answer: company,
  async handle({ store, principal, body, now }) {
    const id = randomUUID()
    await store
      .insertInto('company')
      .values({ id, organisation_id: principal.organisationId, ...body, created_at: now })
      .execute()
    return { company_id: id, ...body }
  },
})

const update = endpoint({
  method: 'PUT',
  path: '/company/{company_id}',
  summary: 'Change a company; what is not given stays',
  body: z.object(fields).partial().meta({ id: 'CompanyChanges' }),
  answer: z.object({ company_id: z.string(), ref: z.string() }),
  async handle({ store, principal, params, body }) {
    const id = params['company_id'] ?? ''
    const changes = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
    const own = store.selectFrom('company').select('ref').where('id', '=', id).where('organisation_id', '=', principal.organisationId)
    if ((await own.executeTakeFirst()) === undefined) throw notFound('company', id)
    if (Object.keys(changes).length > 0) await store.updateTable('company').set(changes).where('id', '=', id).execute()
    return { company_id: id, ref: (await own.executeTakeFirstOrThrow()).ref }
  },
})

/** The endpoints of the older Partner API. */
export const partnerEndpoints: readonly Endpoint[] = [search, create, update]
