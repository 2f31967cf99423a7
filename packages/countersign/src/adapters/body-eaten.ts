/**
 * A body was read before it could be verified, and nothing was kept of it. A mistake of the program, not of the caller.
 */
export class BodyEatenError extends TypeError {
  override readonly name = 'BodyEatenError'
  readonly code = 'body-eaten'
}
