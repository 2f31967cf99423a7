import type { Endpoint } from '../api/endpoint.ts'
import { account } from './account.ts'
import { balance } from './balance.ts'
import { fund } from './fund.ts'
import { fundLedger } from './fund-ledger.ts'
import { funds } from './funds.ts'
import { transaction } from './transaction.ts'
import { transactionApprovals } from './transaction-approvals.ts'
import { transactionStatus } from './transaction-status.ts'
import { transactionsFeed } from './transactions-feed.ts'
import { trustedParties } from './trusted-parties.ts'
import { walletHistory } from './wallet-history.ts'

/** The endpoints of the Qredo API, in the order in which they are tried. A new one is a file and a line here. */
export const endpoints: readonly Endpoint[] = [
  account,
  balance,
  funds,
  fund,
  fundLedger,
  trustedParties,
  walletHistory,
  transaction,
  transactionsFeed,
  transactionStatus,
  transactionApprovals,
]
