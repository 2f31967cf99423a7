import { z } from 'zod'
import { endpoint } from '../api/endpoint.ts'
import { readTransaction, transactionAnswer } from '../transactions/read.ts'
import { transactionRequest } from '../transactions/request.ts'
import { submitTransaction } from '../transactions/submit.ts'

export const transaction = endpoint({
  method: 'POST',
  path: '/transaction',
  summary: 'Submit a Web3 transaction',
  headers: z.object({
    'idempotency-key': z
      .string()
      .regex(/^[\x21-\x7e]{1,255}$/, '1 to 255 visible characters')
      .optional()
      .meta({ description: 'Made up by the client for each transaction: sent again with the same body, it is the same transaction.' }),
  }),
  body: transactionRequest,
  answer: transactionAnswer,
  async handle({ store, principal, body, bytes, headers, now, stepMs, changed }) {
    const idempotencyKey = headers['idempotency-key']
    const id = await submitTransaction(store, { principal, request: body, body: bytes, idempotencyKey, now, stepMs })
    changed()
    return await readTransaction(store, principal, id)
  },
})
