import { readTransaction } from '../transactions/read.ts'
import { transactionRequest } from '../transactions/request.ts'
import { submitTransaction } from '../transactions/submit.ts'
import type { Endpoint } from './endpoint.ts'
import { readJsonBody } from './json-body.ts'

/** Submits a Web3 transaction. The answer is the transaction, stored. */
export const transaction: Endpoint = {
  method: 'POST',
  path: '/transaction',
  async answer({ store, principal, body, now, stepMs }) {
    const id = await submitTransaction(store, principal, readJsonBody(body, transactionRequest), now, stepMs)
    return readTransaction(store, principal, id)
  },
}
