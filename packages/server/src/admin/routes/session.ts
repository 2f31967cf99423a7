import { z } from 'zod'
import { ServerError } from '../../errors.ts'
import { type Administrator, ROLES } from '../administrators.ts'
import { type Route, route } from '../route.ts'
import { csrfTokenOf, SESSION_COOKIE, sessionCookie } from '../sessions.ts'

const signedIn = z.object({ id: z.string(), name: z.string(), role: z.enum(ROLES), organisationId: z.string().nullable() })

const session = z
  .object({
    administrator: signedIn,
    csrfToken: z.string().nullable().meta({ description: 'To be sent as x-csrf-token with every change; null where no cookie is used.' }),
  })
  .meta({ id: 'Session' })

export const sessionRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/admin/v1/session',
    summary: 'Sign in with a token, for a session with a cookie',
    access: 'read',
    answer: session,
    async handle({ actor, administrator, sessions, isSecure, token }) {
      // A session that begins another would never end.
      if (token === undefined)
        throw new ServerError('token-missing', 403, 'A session is begun with a token: send Authorization: Bearer csa_….')
      const begun = await sessions.begin(actor, administrator, token)
      return {
        value: { administrator: signedInAs(administrator), csrfToken: begun.csrfToken },
        headers: { 'set-cookie': sessionCookie(begun.id, isSecure) },
      }
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/session',
    summary: 'Who is signed in',
    access: 'read',
    answer: session,
    handle: async ({ administrator, sessionId }) => ({
      value: { administrator: signedInAs(administrator), csrfToken: sessionId === undefined ? null : csrfTokenOf(sessionId) },
    }),
  }),
  route({
    method: 'DELETE',
    path: '/admin/v1/session',
    summary: 'Sign out',
    access: 'read',
    status: 204,
    async handle({ sessions, sessionId }) {
      if (sessionId !== undefined) await sessions.end(sessionId)
      return { headers: { 'set-cookie': `${SESSION_COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0` } }
    },
  }),
]

function signedInAs({ id, name, role, organisationId }: Administrator): z.infer<typeof signedIn> {
  return { id, name, role, organisationId: organisationId ?? null }
}
