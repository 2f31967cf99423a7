import { endpoint } from '../api/endpoint.ts'
import { readTransaction, transactionAnswer } from '../transactions/read.ts'

export const transactionStatus = endpoint({
  method: 'GET',
  path: '/transactions/{tx_id}/status',
  summary: 'Where a Web3 transaction stands',
  answer: transactionAnswer,
  handle: ({ store, principal, params }) => readTransaction(store, principal, params['tx_id'] ?? ''),
})
