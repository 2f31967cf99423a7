import type { Failure } from 'countersign'
import { toProblem } from 'countersign'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** The body of every error of the Qredo API v1. */
export interface ErrorBody {
  readonly code: string
  readonly msg: string
  readonly detail: { readonly reason: string; readonly serverTime?: string }
}

/** A refusal of the API itself. `code` is stable. */
export class ApiError extends Error {
  readonly status: ContentfulStatusCode
  readonly body: ErrorBody

  constructor(status: ContentfulStatusCode, code: string, msg: string, reason: string) {
    super(reason)
    this.status = status
    this.body = { code, msg, detail: { reason } }
  }
}

export function notFound(what: string, id: string): ApiError {
  return new ApiError(404, 'not-found', 'Not found', `There is no ${what} ${id.slice(0, 80)} in this account.`)
}

/** What a caller is told of a refused signature, in the API's own shape. */
export function refusalBody(failure: Failure): ErrorBody {
  const { code, title, detail, serverTime } = toProblem(failure)
  return { code, msg: title, detail: { reason: detail, ...(serverTime === undefined ? {} : { serverTime }) } }
}
