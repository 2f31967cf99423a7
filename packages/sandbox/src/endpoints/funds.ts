import { z } from 'zod'
import { endpoint } from '../api/endpoint.ts'
import { inScope } from '../scope.ts'
import { count, integer } from '../values.ts'

export const holding = z.object({ asset: z.string(), available: integer }).meta({ id: 'Holding' })

export const funds = endpoint({
  method: 'GET',
  path: '/funds',
  summary: 'The account’s funds and what each holds',
  query: z.object({
    archived: z
      .enum(['true', 'false'], { error: 'true or false' })
      .default('false')
      .meta({ description: 'Whether archived ones are listed, too.' }),
  }),
  answer: z.object({
    total: count,
    funds: z.array(
      z.object({ fundID: z.string(), name: z.string(), theme: z.string(), holdings: z.array(holding) }).meta({ id: 'FundSummary' }),
    ),
  }),
  async handle({ store, principal, query: { archived } }) {
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
      funds: rows.map(({ id, name, theme }) => ({
        fundID: id,
        name,
        theme,
        holdings: holdingsOf(wallets.filter(({ fund_id }) => fund_id === id)),
      })),
    }
  },
})

/** Wallets of the same asset put together. */
function holdingsOf(wallets: readonly { readonly asset: string; readonly available: string }[]): z.infer<typeof holding>[] {
  const sums = new Map<string, bigint>()
  for (const { asset, available } of wallets) sums.set(asset, (sums.get(asset) ?? 0n) + BigInt(available))
  return [...sums].map(([asset, available]) => ({ asset, available }))
}
