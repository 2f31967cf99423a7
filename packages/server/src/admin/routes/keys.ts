import { z } from 'zod'
import { listAudit } from '../../audit/audit-log.ts'
import { ServerError } from '../../errors.ts'
import { KEPT_DAYS, readKeyDays } from '../../keys/key-days.ts'
import {
  importedKey,
  keyChanges,
  keyDay,
  keyQuery,
  keyView,
  newKey,
  newSecretQuestion,
  proposedSecret,
  rotation,
  shownKey,
} from '../../keys/schemas.ts'
import { type AdminCall, type Route, route } from '../route.ts'

const organisation = z.string().min(1).max(200).optional().meta({ description: 'For operators: the organisation it is about.' })
const listQuery = keyQuery.extend({ organisation })
const ofOrganisation = z.strictObject({ organisation })
const READ_REFUSALS = 200
const usageQuery = z.strictObject({
  days: z.coerce
    .number()
    .int()
    .min(1)
    .max(KEPT_DAYS)
    .default(30)
    .meta({ description: `How many days, today among them; ${KEPT_DAYS} are kept.` }),
})

/** An operator names the organisation, unless there is just one. */
async function organisationFor({
  within,
  query,
  administrators,
}: Pick<AdminCall<unknown, { organisation?: string | undefined }>, 'within' | 'query' | 'administrators'>): Promise<string> {
  if (within !== undefined) return within
  if (query.organisation !== undefined) return query.organisation
  const [only, ...others] = await administrators.organisations(undefined)
  if (only !== undefined && others.length === 0) return only.id
  throw new ServerError('organisation-missing', 400, 'Say which organisation the key is for: ?organisation=…')
}

const keyPage = z.object({ keys: z.array(keyView), next: z.string().nullable() }).meta({ id: 'KeyPage' })

const usage = z
  .object({
    lastUsedAt: z.iso.datetime().nullable(),
    days: z.array(keyDay).meta({ description: 'The days on which it was used or refused, the oldest first; to within some seconds.' }),
    refusals: z.array(
      z.object({
        at: z.iso.datetime(),
        code: z.string(),
        title: z.string(),
        count: z.number(),
        samples: z.array(z.object({ at: z.iso.datetime(), method: z.string(), path: z.string(), address: z.string() })),
        causes: z.array(z.object({ code: z.string(), did: z.string(), fix: z.string() })),
      }),
    ),
  })
  .meta({ id: 'Usage', description: 'When and how often the key was used, and what was refused of late, with what explains it.' })

export const keyRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/admin/v1/keys',
    summary: 'List and search keys, the newest first',
    access: 'read',
    query: listQuery,
    answer: keyPage,
    handle: async ({ keys, within, query: { organisation: asked, ...query } }) => ({ value: await keys.list(within ?? asked, query) }),
  }),
  route({
    method: 'POST',
    path: '/admin/v1/keys',
    summary: 'Make a key; its secret is shown this once',
    access: 'write',
    body: newKey,
    query: ofOrganisation,
    answer: shownKey,
    status: 201,
    handle: async call => ({ value: await call.keys.create(call.actor, await organisationFor(call), call.body) }),
  }),
  route({
    method: 'POST',
    path: '/admin/v1/new-secret',
    summary: 'Propose an id and a secret, to be written down before they are sent with a key that is made or rotated',
    access: 'write',
    body: newSecretQuestion,
    answer: proposedSecret,
    handle: async ({ keys, body }) => ({ value: keys.propose(body) }),
  }),
  route({
    method: 'POST',
    path: '/admin/v1/keys/import',
    summary: 'Take over a key that is in use elsewhere, with its secret or public key',
    access: 'write',
    body: importedKey,
    query: ofOrganisation,
    answer: shownKey,
    status: 201,
    handle: async call => ({ value: await call.keys.import(call.actor, await organisationFor(call), call.body) }),
  }),
  route({
    method: 'GET',
    path: '/admin/v1/keys/{id}',
    summary: 'Show a key',
    access: 'read',
    answer: keyView,
    handle: async ({ keys, within, params: { id = '' } }) => ({ value: await keys.get(within, id) }),
  }),
  route({
    method: 'PATCH',
    path: '/admin/v1/keys/{id}',
    summary: 'Change a key’s name, permissions, narrowing, addresses, labels or expiry',
    access: 'write',
    body: keyChanges,
    answer: keyView,
    handle: async ({ keys, actor, within, params: { id = '' }, body }) => ({ value: await keys.update(actor, within, id, body) }),
  }),
  route({
    method: 'POST',
    path: '/admin/v1/keys/{id}/rotate',
    summary: 'Give a key a new secret or public key; the old one stays good for the overlap',
    access: 'write',
    body: rotation,
    answer: shownKey,
    handle: async ({ keys, actor, within, params: { id = '' }, body }) => ({ value: await keys.rotate(actor, within, id, body) }),
  }),
  ...(
    [
      ['disable', 'disabled', 'Refuse a key until it is enabled again'],
      ['enable', 'active', 'Accept a disabled key again'],
      ['revoke', 'revoked', 'Refuse a key for good'],
    ] as const
  ).map(([verb, state, summary]) =>
    route({
      method: 'POST',
      path: `/admin/v1/keys/{id}/${verb}`,
      summary,
      access: 'write',
      answer: keyView,
      handle: async ({ keys, actor, within, params: { id = '' } }) => ({ value: await keys.setState(actor, within, id, state) }),
    }),
  ),
  route({
    method: 'GET',
    path: '/admin/v1/keys/{id}/public-key',
    summary: 'The public key, in PEM',
    access: 'read',
    handle: async ({ keys, within, params: { id = '' } }) => {
      const { publicKey } = await keys.get(within, id)
      if (publicKey === null)
        throw new ServerError('public-key-missing', 404, `The key ${id} signs with a shared secret, and has no public key.`)
      return new Response(publicKey, { headers: { 'content-type': 'application/x-pem-file' } })
    },
  }),
  route({
    method: 'GET',
    path: '/admin/v1/keys/{id}/usage',
    summary: 'When and how often a key was used, and what was refused of it of late',
    access: 'read',
    query: usageQuery,
    answer: usage,
    handle: async ({ keys, db, within, clock, params: { id = '' }, query: { days } }) => {
      const { lastUsedAt } = await keys.get(within, id)
      const entries = await listAudit(db, { subject: id, action: 'request.refused', limit: READ_REFUSALS })
      return {
        value: {
          lastUsedAt,
          days: await readKeyDays(db, id, days, clock()),
          refusals: entries.map(({ at, detail }) => ({ at: new Date(at).toISOString(), causes: [], ...detail })),
        },
      }
    },
  }),
]
