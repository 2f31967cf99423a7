import { createHash, timingSafeEqual } from 'node:crypto'
import { Transform } from 'node:stream'
import type { BodyDigest } from 'countersign'

/** Why a body was cut off while it was passed on. */
export class CutOffError extends Error {
  readonly code: 'digest-mismatch' | 'body-too-large'

  constructor(code: CutOffError['code']) {
    super(code)
    this.code = code
  }
}

/**
 * Passes a body on while it comes in, but for its last piece, which waits until the digest of all of it has been compared: so what does not fit is cut off, and no
 * receiver ever has it whole.
 */
export function checkedStream({ algorithm, encoding, text }: BodyDigest, maxBytes: number): Transform {
  const hash = createHash(algorithm)
  const expected = Buffer.from(text, encoding)
  let length = 0
  let held: Buffer | undefined
  return new Transform({
    transform(piece: Buffer, _, done) {
      length += piece.length
      if (length > maxBytes) return done(new CutOffError('body-too-large'))
      hash.update(piece)
      const before = held
      held = piece
      done(null, before)
    },
    flush(done) {
      const digest = hash.digest()
      if (digest.length !== expected.length || !timingSafeEqual(digest, expected)) return done(new CutOffError('digest-mismatch'))
      done(null, held)
    },
  })
}
