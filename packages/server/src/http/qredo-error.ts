/** The body of every error of the Qredo API v1. `code` is stable. */
export interface QredoError {
  readonly code: string
  readonly msg: string
  readonly detail: { readonly reason: string; readonly serverTime?: string }
}

export function qredoError(code: string, msg: string, reason: string): QredoError {
  return { code, msg, detail: { reason } }
}
