import type { Endpoint } from './endpoint.ts'

/** The organisation that the key belongs to. */
export const account: Endpoint = {
  method: 'GET',
  path: '/account',
  permission: ['read_only'],
  async answer({ store, principal }) {
    const { organisationId } = principal
    const organisation = await store.selectFrom('organisation').selectAll().where('id', '=', organisationId).executeTakeFirstOrThrow()
    const members = await store.selectFrom('member').selectAll().where('organisation_id', '=', organisationId).orderBy('name').execute()
    const networks = await store.selectFrom('asset').select(['network', 'chain_id']).distinct().orderBy('network').execute()
    const keys = await store
      .selectFrom('api_key')
      .selectAll()
      .where('organisation_id', '=', organisationId)
      .where('state', '=', 'active')
      .orderBy('created_at')
      .execute()
    return {
      settings: {
        ...organisation,
        members: members.map(({ id, name, email, username }) => ({ userID: id, name, email, username })),
        rpcNetworks: networks.map(({ network, chain_id }) => ({ name: network, chainID: chain_id })),
        userAPIKeys: {
          number_of_keys: keys.length,
          user_api_keys: keys.map(key => ({
            id: key.id,
            name: key.name,
            fund_id: key.fund_id,
            wallet_id: key.wallet_id,
            created: Math.floor(key.created_at / 1000),
            last_update: Math.floor(key.updated_at / 1000),
            expiry_date: Math.floor(key.expires_at / 1000),
            permissions: JSON.parse(key.permissions) as unknown,
          })),
        },
      },
    }
  },
}
