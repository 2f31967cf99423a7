import { z } from 'zod'
import { ServerError } from '../../errors.ts'
import { name } from '../../keys/schemas.ts'
import { ROLES } from '../administrators.ts'
import { type Route, route } from '../route.ts'

const administrator = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    organisationId: z.string().nullable(),
    createdAt: z.iso.datetime(),
    disabled: z.boolean(),
  })
  .meta({ id: 'Administrator' })

export const administratorRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/admin/v1/administrators',
    summary: 'List administrators',
    access: 'read',
    answer: z.array(administrator),
    handle: async ({ administrators, within }) => ({ value: await administrators.list(within) }),
  }),
  route({
    method: 'POST',
    path: '/admin/v1/administrators',
    summary: 'Make an administrator; the token is shown this once',
    access: 'write',
    body: z
      .strictObject({ name, role: z.enum(ROLES), organisationId: z.string().min(1).max(200).optional() })
      .meta({ id: 'NewAdministrator' }),
    answer: z.object({ administrator, token: z.string() }).meta({ id: 'ShownAdministrator' }),
    status: 201,
    async handle({ administrators, actor, within, body: { name: given, role, organisationId } }) {
      if (within !== undefined && (role === 'operator' || (organisationId !== undefined && organisationId !== within)))
        throw new ServerError('role-denied', 403, 'You can make administrators and auditors of your own organisation.')
      if (role === 'admin' && within === undefined && organisationId === undefined)
        throw new ServerError('organisation-missing', 400, 'An admin belongs to an organisation: give organisationId.')
      if (role === 'operator' && organisationId !== undefined)
        throw new ServerError('organisation-unwanted', 400, 'An operator works in all organisations: leave organisationId out.')
      return { value: await administrators.create(actor, { name: given, role, organisationId: within ?? organisationId }) }
    },
  }),
  route({
    method: 'DELETE',
    path: '/admin/v1/administrators/{id}',
    summary: 'Disable an administrator, whose token and sessions end',
    access: 'write',
    status: 204,
    async handle({ administrators, administrator: { id: own }, actor, within, params: { id = '' } }) {
      if (id === own) throw new ServerError('administrator-self', 409, "You can't disable yourself: let another administrator do it.")
      await administrators.disable(actor, within, id)
      return {}
    },
  }),
]
