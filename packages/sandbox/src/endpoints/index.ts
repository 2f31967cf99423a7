import { account } from './account.ts'
import { balance } from './balance.ts'
import type { Endpoint } from './endpoint.ts'
import { funds } from './funds.ts'
import { transaction } from './transaction.ts'
import { transactionStatus } from './transaction-status.ts'

/** Every endpoint that is served. A new one is a file and a line here. */
export const endpoints: readonly Endpoint[] = [account, balance, funds, transaction, transactionStatus]
