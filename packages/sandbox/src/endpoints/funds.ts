import { ApiError } from '../errors.ts'
import type { Endpoint } from './endpoint.ts'

/** The account's funds and what each holds; archived ones only with `?archived=true`. */
export const funds: Endpoint = {
  method: 'GET',
  path: '/funds',
  permission: ['read_only'],
  async answer({ store, principal, query }) {
    const archived = query.get('archived') ?? 'false'
    if (archived !== 'true' && archived !== 'false') throw new ApiError(400, 'invalid-query', 'Invalid query', 'archived is true or false.')
    const rows = await store
      .selectFrom('fund')
      .selectAll()
      .where('organisation_id', '=', principal.organisationId)
      .where('archived', '<=', archived === 'true' ? 1 : 0)
      .orderBy('name')
      .execute()
    const wallets = await store
      .selectFrom('wallet')
      .innerJoin('fund', 'fund.id', 'wallet.fund_id')
      .select(['wallet.fund_id', 'wallet.asset', 'wallet.available'])
      .where('fund.organisation_id', '=', principal.organisationId)
      .execute()
    return {
      total: rows.length,
      funds: rows.map(({ id, name, theme }) => {
        const holdings: Record<string, bigint> = {}
        for (const wallet of wallets)
          if (wallet.fund_id === id) holdings[wallet.asset] = (holdings[wallet.asset] ?? 0n) + BigInt(wallet.available)
        return { fundID: id, name, theme, holdings: Object.entries(holdings).map(([asset, available]) => ({ asset, available })) }
      }),
    }
  },
}
