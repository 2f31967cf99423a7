import { inScope } from '../scope.ts'
import type { TransactionRequest } from '../transactions/request.ts'
import type { Endpoint } from './endpoint.ts'

interface AssetBalance {
  total: bigint
  available: bigint
  pendingIn: bigint
  pendingOut: bigint
  readonly scale: number
}

/** What the account holds, per asset: total = available + pendingIn − pendingOut. */
export const balance: Endpoint = {
  method: 'GET',
  path: '/balance',
  async answer({ store, principal }) {
    const wallets = await store
      .selectFrom('wallet')
      .innerJoin('fund', 'fund.id', 'wallet.fund_id')
      .innerJoin('asset', 'asset.name', 'wallet.asset')
      .select(['wallet.id', 'wallet.address', 'wallet.asset', 'wallet.available', 'asset.scale'])
      .where(inScope(principal))
      .orderBy('wallet.asset')
      .execute()
    const pending = await store
      .selectFrom('web3_transaction')
      .select(['wallet_id', 'cost', 'request'])
      .where('next_at', 'is not', null)
      .execute()
    const assets: Record<string, AssetBalance> = {}
    for (const wallet of wallets) {
      const held = assets[wallet.asset] ?? { total: 0n, available: 0n, pendingIn: 0n, pendingOut: 0n, scale: 10 ** wallet.scale }
      assets[wallet.asset] = held
      held.available += BigInt(wallet.available)
      for (const transaction of pending) {
        const { to, value }: TransactionRequest = JSON.parse(transaction.request)
        if (transaction.wallet_id === wallet.id) held.pendingOut += BigInt(transaction.cost)
        if (to.toLowerCase() === wallet.address.toLowerCase()) held.pendingIn += BigInt(value)
      }
      held.total = held.available + held.pendingIn - held.pendingOut
    }
    return { assets }
  },
}
