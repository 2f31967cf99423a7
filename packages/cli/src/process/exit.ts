/** What the command ends with. */
export const EXIT = {
  ok: 0,
  /** The server answered with something other than 2xx, or a signature did not verify. */
  refused: 1,
  /** The command line, a file or the credentials are not usable. */
  usage: 2,
  /** No answer: no connection, a time-out. */
  network: 3,
} as const

/** Says what the command ends with. */
export type Done = (exit: number) => void

/** A mistake to tell the user, without a stack. `code` is stable. */
export class UsageError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}
