import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Digest } from 'countersign'
import { incomingPieces } from './incoming-pieces.ts'

/** What is left of a body that was hashed and not kept. */
export interface HashedBody {
  readonly length: number
  readonly digests: ReadonlyMap<Digest, Uint8Array>
}

/** Reads a body to its end or limit, and hashes it as it comes. */
export async function hashBody(
  request: IncomingMessage,
  maxBytes: number,
  digests: readonly Digest[],
): Promise<HashedBody | undefined | 'too-large'> {
  const hashes = digests.map(digest => [digest, createHash(digest)] as const)
  let length = 0
  for await (const piece of incomingPieces(request)) {
    length += piece.length
    if (length > maxBytes) return 'too-large'
    for (const [, hash] of hashes) hash.update(piece)
  }
  return length === 0 ? undefined : { length, digests: new Map(hashes.map(([digest, hash]) => [digest, hash.digest()])) }
}
