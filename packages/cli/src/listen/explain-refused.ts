import { isDeclared, type Refusal, type Scheme } from 'countersign'
import { type Explanation, explain } from 'countersign/explain'
import type { VerificationKey } from '../signing/verification-key.ts'

/** Looks for the cause of a refusal. `busy`: too many others wait. `undefined`: its code says all there is to say. */
export type ExplainRefused = (refusal: Refusal) => Promise<Explanation | 'busy' | undefined>

/** As many messages as a terminal's reader would wait for: some 0.2 s. */
const MAX_ATTEMPTS = 50_000
/** About a quarter of a second of one core for one request. */
const MAX_HASHED_BYTES = 104_857_600
/** Larger bodies are not written anew, which can't be interrupted. */
const MAX_REWRITTEN_BYTES = 65_536
/** Of each message, in bytes: more does not fit on a screen. */
const MAX_SHOWN_BYTES = 600
/** Refusals that may wait while one is explained, each with its body. */
const MAX_WAITING = 8

/**
 * Explains wrong signatures one after the other, with turns for other work, after they were answered: a stranger can't
 * keep the listener from its work.
 */
export function createRefusedExplainer(scheme: Scheme, { secret, passphrase }: VerificationKey): ExplainRefused {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0

  async function work({ failure, request, body, origin }: Refusal): Promise<Explanation | undefined> {
    if (!isDeclared(scheme) || failure.code !== 'bad-signature' || origin === undefined || body === 'unread') return undefined
    return explain({
      scheme,
      request: { method: request.method, url: origin.origin + origin.basePath + request.target, headers: request.headers, body },
      secret,
      keyId: failure.keyId,
      passphrase,
      basePath: origin.basePath,
      maxAttempts: MAX_ATTEMPTS,
      maxHashedBytes: MAX_HASHED_BYTES,
      maxRewrittenBytes: MAX_REWRITTEN_BYTES,
      maxShownBytes: MAX_SHOWN_BYTES,
      pause: () => new Promise(resolve => setTimeout(resolve, 0)),
    })
  }

  return async refusal => {
    // Those of others need no turn.
    if (refusal.failure.code !== 'bad-signature' || scheme.keys !== 'secret') return undefined
    if (waiting >= MAX_WAITING) return 'busy'
    waiting++
    const turn = last.then(() => work(refusal))
    last = turn.catch(() => undefined)
    try {
      return await turn
    } finally {
      waiting--
    }
  }
}
