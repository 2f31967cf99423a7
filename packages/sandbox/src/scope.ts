import type { Principal } from '@countersign/server'
import type { Expression, ExpressionBuilder, Selectable, SqlBool } from 'kysely'
import { notFound } from './errors.ts'
import type { Store } from './store/database.ts'
import type { Tables } from './store/schema.ts'

/** The wallets that a key sees: those of its account, and of its fund or its wallet where it is narrowed to one. */
export function inScope({ organisationId, fundId, walletId }: Pick<Principal, 'organisationId' | 'fundId' | 'walletId'>) {
  return ({ eb, and }: ExpressionBuilder<Tables, 'fund' | 'wallet'>): Expression<SqlBool> =>
    and([
      eb('fund.organisation_id', '=', organisationId),
      ...(fundId === '' ? [] : [eb('fund.id', '=', fundId)]),
      ...(walletId === '' ? [] : [eb('wallet.id', '=', walletId)]),
    ])
}

/**
 * A fund, and those of its wallets that a key sees. A key that is narrowed to a wallet sees the fund that it is in.
 *
 * @throws ApiError `not-found`
 */
export async function readFund(
  store: Store,
  principal: Principal,
  fundId: string,
): Promise<{ readonly fund: Selectable<Tables['fund']>; readonly wallets: readonly Selectable<Tables['wallet']>[] }> {
  const fund = await store
    .selectFrom('fund')
    .selectAll()
    .where('id', '=', fundId)
    .where('organisation_id', '=', principal.organisationId)
    .executeTakeFirst()
  const wallets = await store
    .selectFrom('wallet')
    .innerJoin('fund', 'fund.id', 'wallet.fund_id')
    .selectAll('wallet')
    .where('fund.id', '=', fundId)
    .where(inScope(principal))
    .orderBy('wallet.name')
    .execute()
  if (fund === undefined || (principal.walletId !== '' && wallets.length === 0)) throw notFound('fund', fundId)
  return { fund, wallets }
}

/** @throws ApiError `not-found` */
export async function readWallet(store: Store, principal: Principal, walletId: string): Promise<Selectable<Tables['wallet']>> {
  const wallet = await store
    .selectFrom('wallet')
    .innerJoin('fund', 'fund.id', 'wallet.fund_id')
    .selectAll('wallet')
    .where('wallet.id', '=', walletId)
    .where(inScope(principal))
    .executeTakeFirst()
  if (wallet === undefined) throw notFound('wallet', walletId)
  return wallet
}
