import { noAnswerReason } from './reasons.ts'

/** There was no answer, or not all of it. `message` says why. */
export class NoAnswerError extends Error {
  readonly isLate: boolean

  /** @param cause what `fetch`, a body or Node's client threw */
  constructor(cause: unknown) {
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
    const isLate = [cause, inner].some(error => error instanceof Error && error.name === 'TimeoutError')
    super(isLate ? 'no answer in time' : noAnswerReason(inner), { cause })
    this.isLate = isLate
  }
}

/** Waits for what comes over the network. @throws NoAnswerError for whatever is thrown */
export async function answered<T>(work: Promise<T>): Promise<T> {
  // Node's fetch may wait, for a server that closed at once, with nothing that keeps the process: it would just end.
  const alive = setInterval(() => undefined, 1_000)
  try {
    return await work
  } catch (error) {
    throw new NoAnswerError(error)
  } finally {
    clearInterval(alive)
  }
}
