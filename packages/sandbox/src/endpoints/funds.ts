import { ApiError } from '../errors.ts'
import { inScope } from '../scope.ts'
import type { Endpoint } from './endpoint.ts'

/** The account's funds and what each holds; archived ones only with `?archived=true`. */
export const funds: Endpoint = {
  method: 'GET',
  path: '/funds',
  async answer({ store, principal, query }) {
    const archived = query.get('archived') ?? 'false'
    if (archived !== 'true' && archived !== 'false') throw new ApiError(400, 'invalid-query', 'Invalid query', 'archived is true or false.')
    const wallets = await store
      .selectFrom('wallet')
      .innerJoin('fund', 'fund.id', 'wallet.fund_id')
      .select(['wallet.fund_id', 'wallet.asset', 'wallet.available'])
      .where(inScope(principal))
      .execute()
    const isNarrowed = principal.fundId !== '' || principal.walletId !== ''
    const rows = (
      await store
        .selectFrom('fund')
        .selectAll()
        .where('organisation_id', '=', principal.organisationId)
        .where('archived', '<=', archived === 'true' ? 1 : 0)
        .orderBy('name')
        .execute()
    ).filter(({ id }) => !isNarrowed || id === principal.fundId || wallets.some(wallet => wallet.fund_id === id))
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
