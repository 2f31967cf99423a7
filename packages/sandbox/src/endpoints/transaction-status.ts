import { readTransaction } from '../transactions/read.ts'
import type { Endpoint } from './endpoint.ts'

/** Where a Web3 transaction stands. */
export const transactionStatus: Endpoint = {
  method: 'GET',
  path: '/transactions/:tx_id/status',
  answer: ({ store, principal, params }) => readTransaction(store, principal, params['tx_id'] ?? ''),
}
