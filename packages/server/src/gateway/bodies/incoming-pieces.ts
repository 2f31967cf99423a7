import type { IncomingMessage } from 'node:http'

/** The client left before its body was read, which is nobody's fault on our side. */
export class ClientGoneError extends Error {
  constructor(cause?: unknown) {
    super('The client went away before its body was read.', { cause })
  }
}

/**
 * A request's body as it comes; fails with a {@link ClientGoneError}. A request that is not read to its end is not
 * destroyed, so that it can be answered.
 */
export async function* incomingPieces(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    for await (const piece of request.iterator({ destroyOnReturn: false })) yield piece as Buffer
  } catch (error) {
    throw new ClientGoneError(error)
  }
}
