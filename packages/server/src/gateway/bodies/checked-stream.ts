import { createHash, timingSafeEqual } from 'node:crypto'
import { Transform } from 'node:stream'
import type { BodyDigest, Failure, Refused } from 'countersign'

/** Why a body was cut off while it was passed on. */
export class CutOffError extends Error {
  readonly failure: Failure

  /** @param cause what was thrown, where something of the server's own failed */
  constructor(failure: Failure, cause?: unknown) {
    super(failure.code, { cause })
    this.failure = failure
  }
}

/**
 * Passes a body on while it comes in, but for its last piece. That waits until the digest of all of it has been
 * compared and the call is confirmed: what does not fit is cut off, and no receiver ever has it whole.
 *
 * @param confirm what is wrong with the call by now, such as a key that was revoked meanwhile
 */
export function checkedStream(
  { algorithm, encoding, text }: BodyDigest,
  maxBytes: number,
  confirm: () => Promise<Refused | undefined>,
): Transform {
  const hash = createHash(algorithm)
  const expected = Buffer.from(text, encoding)
  let length = 0
  let held: Buffer | undefined
  return new Transform({
    transform(piece: Buffer, _, done) {
      length += piece.length
      if (length > maxBytes) return done(new CutOffError({ code: 'body-too-large', maxBytes }))
      hash.update(piece)
      const before = held
      held = piece
      done(null, before)
    },
    flush(done) {
      const digest = hash.digest()
      if (digest.length !== expected.length || !timingSafeEqual(digest, expected)) return done(new CutOffError({ code: 'digest-mismatch' }))
      confirm().then(late => (late === undefined ? done(null, held) : done(new CutOffError(late.failure, late.cause))), done)
    },
  })
}
