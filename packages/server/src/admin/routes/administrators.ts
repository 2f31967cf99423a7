import { z } from 'zod'
import { ServerError } from '../../errors.ts'
import { name } from '../../keys/schemas.ts'
import { ROLES, TOKEN_MS } from '../administrators.ts'
import { type Route, route } from '../route.ts'

const administrator = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    organisationId: z.string().nullable(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable().meta({ description: 'When the token ends; null: never.' }),
    disabled: z.boolean(),
  })
  .meta({ id: 'Administrator' })

const expiresAt = z.iso
  .datetime({ offset: true })
  .nullable()
  .optional()
  .meta({ description: `When the token ends; null: never. Default: ${TOKEN_MS / 86_400_000} days from now.` })

function endOf(ends: string | null | undefined): number | null | undefined {
  return typeof ends === 'string' ? Date.parse(ends) : ends
}

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
      .strictObject({ name, role: z.enum(ROLES), organisationId: z.string().min(1).max(200).optional(), expiresAt })
      .meta({ id: 'NewAdministrator' }),
    answer: z.object({ administrator, token: z.string() }).meta({ id: 'ShownAdministrator' }),
    status: 201,
    async handle({ administrators, actor, within, body: { expiresAt: ends, ...given } }) {
      return { value: await administrators.create(actor, within, { ...given, expiresAtMs: endOf(ends) }) }
    },
  }),
  route({
    method: 'POST',
    path: '/admin/v1/session/token',
    summary: 'Renew your own token; the new one is shown this once, and the old one stays good for an hour at most',
    access: 'read',
    answer: z.object({ administrator, token: z.string() }).meta({ id: 'RenewedAdministrator' }),
    async handle({ administrators, administrator: { id }, actor, token }) {
      // A session, begun with a token or at a provider, would become a token that outlives it.
      if (token === undefined)
        throw new ServerError('token-missing', 403, 'A token is renewed with the token itself: send Authorization: Bearer csa_….')
      return { value: await administrators.renew(actor, id, token) }
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
