import { type QredoError, qredoError } from '@countersign/server'
import { type Failure, toProblem } from 'countersign'

/** A refusal of the API itself. `code` is stable. */
export class ApiError extends Error {
  readonly status: number
  readonly body: QredoError

  constructor(status: number, code: string, msg: string, reason: string) {
    super(reason)
    this.status = status
    this.body = qredoError(code, msg, reason)
  }
}

export function notFound(what: string, id: string): ApiError {
  return new ApiError(404, 'not-found', 'Not found', `There is no ${what} ${id.slice(0, 80)} in this account.`)
}

/** What a caller is told of a refused signature, in the API's own shape. */
export function refusalBody(failure: Failure): QredoError {
  const { code, title, detail, serverTime } = toProblem(failure)
  const body = qredoError(code, title, detail)
  return serverTime === undefined ? body : { ...body, detail: { ...body.detail, serverTime } }
}
