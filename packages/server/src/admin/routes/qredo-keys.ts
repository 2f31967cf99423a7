import { z } from 'zod'
import { ServerError } from '../../errors.ts'
import { type KeyView, name, resource } from '../../keys/schemas.ts'
import { type Route, route } from '../route.ts'

/** The key management of the Qredo API v1, as its page has it: times in seconds, 0 for never. */

/** A list of names, or switches. */
const permissions = z.union([z.array(z.string().max(100)).max(100), z.record(z.string().max(100), z.boolean())])

const newApiKey = z
  .strictObject({
    name,
    fund_id: resource.optional(),
    wallet_id: resource.optional(),
    expiry_date: z.int().min(0).max(8_000_000_000).optional(),
    permissions: permissions.optional(),
  })
  .meta({ id: 'NewApiKey' })
const apiKeyChanges = z.strictObject({ name: name.optional(), permissions: permissions.optional() }).meta({ id: 'ApiKeyChanges' })

const apiKey = z
  .object({
    id: z.string(),
    name: z.string(),
    fund_id: z.string(),
    wallet_id: z.string(),
    created: z.number(),
    expiry_date: z.number(),
    last_update: z.number(),
    permissions: z.array(z.string()),
  })
  .meta({ id: 'ApiKey' })
const shownApiKey = apiKey.extend({ secret: z.string() }).meta({ id: 'ShownApiKey' })

const LISTED = 500

/** A key in the shape of the Qredo API v1. */
export function apiKeyOf(key: KeyView): z.infer<typeof apiKey> {
  const seconds = (moment: string | null): number => (moment === null ? 0 : Math.floor(Date.parse(moment) / 1000))
  return {
    id: key.id,
    name: key.name,
    fund_id: key.fundId,
    wallet_id: key.walletId,
    created: seconds(key.createdAt),
    expiry_date: seconds(key.expiresAt),
    last_update: seconds(key.updatedAt),
    permissions: key.permissions,
  }
}

function namesOf(given: z.infer<typeof permissions> | undefined): string[] | undefined {
  if (given === undefined || Array.isArray(given)) return given
  return Object.entries(given)
    .filter(([, isOn]) => isOn)
    .map(([permission]) => permission)
}

export const qredoKeyRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/apikey',
    summary: 'List the account’s keys, never their secrets',
    access: 'read',
    answer: z.array(apiKey),
    async handle({ keys, within }) {
      const list: KeyView[] = []
      let cursor: string | undefined
      do {
        const page = await keys.list(within, { state: 'active', limit: LISTED, cursor })
        list.push(...page.keys)
        cursor = page.next ?? undefined
      } while (cursor !== undefined && list.length < LISTED * 20)
      return { value: list.map(apiKeyOf) }
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/apikey',
    summary: 'Make a key; its secret is shown this once',
    access: 'write',
    body: newApiKey,
    answer: shownApiKey,
    async handle({ keys, administrators, actor, within, body }) {
      const [first, ...others] = await administrators.organisations(within)
      if (first === undefined || others.length > 0)
        throw new ServerError(
          'organisation-missing',
          400,
          'This call is for the administrator of one organisation; use /admin/v1/keys?organisation=….',
        )
      const { key, secret } = await keys.create(actor, first.id, {
        name: body.name,
        fundId: body.fund_id,
        walletId: body.wallet_id,
        permissions: namesOf(body.permissions),
        expiresAt: body.expiry_date === undefined || body.expiry_date === 0 ? null : new Date(body.expiry_date * 1000).toISOString(),
      })
      return { value: { ...apiKeyOf(key), secret } }
    },
  }),
  route({
    method: 'PUT',
    path: '/api/v1/apikey/{id}',
    summary: 'Change a key’s name and permissions',
    access: 'write',
    body: apiKeyChanges,
    answer: apiKey,
    async handle({ keys, actor, within, params: { id = '' }, body }) {
      return { value: apiKeyOf(await keys.update(actor, within, id, { name: body.name, permissions: namesOf(body.permissions) })) }
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/apikey/{id}',
    summary: 'Revoke a key',
    access: 'write',
    answer: apiKey,
    async handle({ keys, actor, within, params: { id = '' } }) {
      return { value: apiKeyOf(await keys.setState(actor, within, id, 'revoked')) }
    },
  }),
]
