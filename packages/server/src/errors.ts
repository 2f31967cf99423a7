/** The code of an error of the system, of TLS or of a driver, such as `ENOENT`. */
export function errorCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

/** A refusal of the service itself. `code` is stable, `status` is what HTTP answers. */
export class ServerError extends Error {
  override readonly name = 'ServerError'
  readonly code: string
  readonly status: number

  constructor(code: string, status: number, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
    this.status = status
  }
}
