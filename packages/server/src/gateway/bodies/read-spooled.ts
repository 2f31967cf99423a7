import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'

/** Why a spooled body can't be sent on, which is no fault of the upstream. */
export class SpoolError extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

/** A spooled body as it goes upstream; fails with a {@link SpoolError}. */
export function readSpooled(path: string): Readable {
  return Readable.from(piecesOf(path), { objectMode: false })
}

async function* piecesOf(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const piece of createReadStream(path)) yield piece as Buffer
  } catch (error) {
    throw new SpoolError(error)
  }
}
