import { apiKeyOf } from '@countersign/server'
import type { Endpoint } from './endpoint.ts'

const LISTED_KEYS = 500

/** The organisation that the key belongs to. */
export const account: Endpoint = {
  method: 'GET',
  path: '/account',
  async answer({ store, keys, principal }) {
    const { organisationId } = principal
    const organisation = await store.selectFrom('organisation').selectAll().where('id', '=', organisationId).executeTakeFirstOrThrow()
    const members = await store.selectFrom('member').selectAll().where('organisation_id', '=', organisationId).orderBy('name').execute()
    const networks = await store.selectFrom('asset').select(['network', 'chain_id']).distinct().orderBy('network').execute()
    const { keys: active } = await keys.list(organisationId, { state: 'active', limit: LISTED_KEYS })
    return {
      settings: {
        ...organisation,
        members: members.map(({ id, name, email, username }) => ({ userID: id, name, email, username })),
        rpcNetworks: networks.map(({ network, chain_id }) => ({ name: network, chainID: chain_id })),
        userAPIKeys: {
          number_of_keys: active.length,
          user_api_keys: active.map(apiKeyOf),
        },
      },
    }
  },
}
