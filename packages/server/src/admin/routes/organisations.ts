import { z } from 'zod'
import { ceilings } from '../../keys/ceilings.ts'
import { name } from '../../keys/schemas.ts'
import { type Route, route } from '../route.ts'

const organisation = z
  .object({ id: z.string(), kind: z.enum(['organisation', 'person']), name: z.string(), createdAt: z.iso.datetime(), ceilings })
  .meta({ id: 'Organisation' })

export const organisationRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/admin/v1/organisations',
    summary: 'The organisations that you may see',
    access: 'read',
    answer: z.array(organisation),
    handle: async ({ administrators, within }) => ({ value: await administrators.organisations(within) }),
  }),
  route({
    method: 'POST',
    path: '/admin/v1/organisations',
    summary: 'Make an organisation, or a personal account',
    access: 'operator',
    body: z.strictObject({ name, kind: z.enum(['organisation', 'person']).default('organisation') }).meta({ id: 'NewOrganisation' }),
    answer: organisation,
    status: 201,
    handle: async ({ administrators, actor, body }) => ({ value: await administrators.createOrganisation(actor, body) }),
  }),
  route({
    method: 'PUT',
    path: '/admin/v1/organisations/{id}/ceilings',
    summary: 'Set what the keys and administrators of an organisation may be at most',
    access: 'operator',
    body: ceilings,
    answer: z.object({
      ceilings,
      exceeding: z.array(z.string()).meta({ description: 'Keys that are above a ceiling already; they stay as they are.' }),
    }),
    handle: async ({ administrators, actor, params: { id = '' }, body }) => ({ value: await administrators.setCeilings(actor, id, body) }),
  }),
]
