import { apiKeyOf } from '@countersign/server'
import { z } from 'zod'
import { endpoint } from '../api/endpoint.ts'
import { count } from '../values.ts'

const LISTED_KEYS = 500

const apiKey = z.looseObject({ id: z.string(), name: z.string() }).meta({ id: 'UserApiKey', description: 'A key, never its secret.' })
const organisationSettings = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    domain: z.string(),
    address: z.string(),
    members: z.array(z.object({ userID: z.string(), name: z.string(), email: z.string(), username: z.string() })),
    rpcNetworks: z.array(z.object({ name: z.string(), chainID: z.string() })),
    userAPIKeys: z.object({ number_of_keys: count, user_api_keys: z.array(apiKey) }),
  })
  .meta({ id: 'OrganisationSettings' })
const personalSettings = z
  .object({
    id: z.string(),
    username: z.string(),
    name: z.string(),
    email: z.string(),
    defaultFiat: z.string(),
    testnetAssets: z.boolean(),
    userAPIKeys: z.array(apiKey),
  })
  .meta({ id: 'PersonalSettings' })

export const account = endpoint({
  method: 'GET',
  path: '/account',
  summary: 'The organisation or the person that the key belongs to',
  answer: z.object({ settings: z.union([organisationSettings, personalSettings]) }),
  async handle({ store, keys, principal: { organisationId } }) {
    const { id, kind, name, email, domain, address, username } = await store
      .selectFrom('organisation')
      .selectAll()
      .where('id', '=', organisationId)
      .executeTakeFirstOrThrow()
    const { keys: active } = await keys.list(organisationId, { state: 'active', limit: LISTED_KEYS })
    const userKeys = active.map(apiKeyOf)
    if (kind === 'person')
      return { settings: { id, username, name, email, defaultFiat: 'USD', testnetAssets: true, userAPIKeys: userKeys } }
    const members = await store.selectFrom('member').selectAll().where('organisation_id', '=', organisationId).orderBy('name').execute()
    const networks = await store
      .selectFrom('asset')
      .select(['network', 'chain_id'])
      .distinct()
      .where('chain_id', '!=', '')
      .orderBy('network')
      .execute()
    return {
      settings: {
        id,
        name,
        email,
        domain,
        address,
        members: members.map(member => ({ userID: member.id, name: member.name, email: member.email, username: member.username })),
        rpcNetworks: networks.map(({ network, chain_id }) => ({ name: network, chainID: chain_id })),
        userAPIKeys: { number_of_keys: userKeys.length, user_api_keys: userKeys },
      },
    }
  },
})
