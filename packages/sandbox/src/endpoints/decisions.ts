import type { KeyService } from '@countersign/server'
import { readBody } from 'countersign/node'
import { z } from 'zod'
import { jsonAnswer } from '../api/answers.ts'
import { readJsonBody } from '../api/json-body.ts'
import type { App, World } from '../api/serve.ts'
import { ApiError } from '../errors.ts'
import { decideByHand } from '../transactions/decision.ts'

const MAX_BODY_BYTES = 4096

const body = z.object({
  decision: z.enum(['approve', 'reject', 'cancel']),
  /** The username of the approver. */
  approver: z.string().max(200).optional(),
})

/**
 * In the place of the approvers' app: decisions by hand, with an administrator's token. Not part of the API that the
 * sandbox stands for.
 */
export function addDecisions(app: App, { store, clock, changed }: World, service: KeyService): void {
  app.post('/sandbox/v1/transactions/:tx_id/decision', async context => {
    const decider = async () => {
      const administrator = await service.administratorOf(context.req.raw, context.env.incoming.socket.remoteAddress ?? '')
      if (administrator.role === 'auditor') throw new ApiError(403, 'role-denied', 'Permission denied', 'An auditor decides nothing.')
      return administrator
    }
    await decider()
    const bytes = await readBody(context.env.incoming, MAX_BODY_BYTES)
    if (bytes === 'too-large')
      throw new ApiError(413, 'body-too-large', 'Body too large', `The body has more than ${MAX_BODY_BYTES} bytes.`)
    const { decision, approver } = readJsonBody(bytes ?? new Uint8Array(), body)
    const transactionId = context.req.param('tx_id')
    // The body may have taken a while.
    const { organisationId } = await decider()
    await decideByHand(store, { transactionId, username: approver, decision, now: clock(), organisationId })
    changed()
    return jsonAnswer(200, { txID: transactionId, decision })
  })
}
