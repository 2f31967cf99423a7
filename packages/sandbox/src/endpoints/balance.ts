import { z } from 'zod'
import { endpoint } from '../api/endpoint.ts'
import { inScope } from '../scope.ts'
import type { TransactionRequest } from '../transactions/request.ts'
import { integer } from '../values.ts'

const held = z
  .object({ total: integer, available: integer, pendingIn: integer, pendingOut: integer, scale: integer })
  .meta({ id: 'AssetBalance', description: 'total = available + pendingIn − pendingOut, in the smallest unit, of which scale make one.' })

export const balance = endpoint({
  method: 'GET',
  path: '/balance',
  summary: 'What the account holds, by asset',
  answer: z.object({ assets: z.record(z.string(), held) }),
  async handle({ store, principal }) {
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
    const assets: Record<string, z.infer<typeof held>> = {}
    for (const wallet of wallets) {
      const sums = assets[wallet.asset] ?? {
        total: 0n,
        available: 0n,
        pendingIn: 0n,
        pendingOut: 0n,
        scale: 10n ** BigInt(wallet.scale),
      }
      assets[wallet.asset] = sums
      sums.available += BigInt(wallet.available)
      for (const transaction of pending) {
        const { to, value }: TransactionRequest = JSON.parse(transaction.request)
        if (transaction.wallet_id === wallet.id) sums.pendingOut += BigInt(transaction.cost)
        if (to.toLowerCase() === wallet.address.toLowerCase()) sums.pendingIn += BigInt(value)
      }
      sums.total = sums.available + sums.pendingIn - sums.pendingOut
    }
    return { assets }
  },
})
