import type { Principal } from '@countersign/server'
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import type { Tables } from './store/schema.ts'

/** The wallets that a key sees: those of its organisation, and of its fund or its wallet where it is narrowed to one. */
export function inScope({ organisationId, fundId, walletId }: Principal) {
  return ({ eb, and }: ExpressionBuilder<Tables, 'fund' | 'wallet'>): Expression<SqlBool> =>
    and([
      eb('fund.organisation_id', '=', organisationId),
      ...(fundId === '' ? [] : [eb('fund.id', '=', fundId)]),
      ...(walletId === '' ? [] : [eb('wallet.id', '=', walletId)]),
    ])
}
