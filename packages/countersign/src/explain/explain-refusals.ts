import type { Failure } from '../contract/failure.ts'
import type { KeySource } from '../keys/key.ts'
import type { DeclaredScheme } from '../scheme/scheme.ts'
import type { Refusal } from '../verify/verify.ts'
import { type Explanation, explain } from './explain.ts'

/** What the owner is told. It has the right signature in it: keep it from the stranger who sent the request. */
export interface ExplainedRefusal {
  readonly keyId: string
  readonly failure: Failure
  readonly explanation: Explanation
}

export interface ExplainRefusalsOptions {
  readonly scheme: DeclaredScheme
  /** The same that the verifier has. */
  readonly keys: KeySource
  readonly onExplained: (event: ExplainedRefusal) => void
  /** As many are explained at most in a second, over all keys. Default: 5. */
  readonly perSecond?: number | undefined
  /** And for one key in a minute. Default: 6. */
  readonly perKeyPerMinute?: number | undefined
  /** As many messages are tried at most for one. Default: 5,000, some 25 ms of one core, a few at a time. */
  readonly maxAttempts?: number | undefined
  /** Milliseconds of any steady clock. */
  readonly now?: (() => number) | undefined
}

/**
 * So many keys are counted at once; with more, the oldest count is dropped, and the budget for all of them still holds.
 */
const MAX_KEYS_COUNTED = 10_000

/**
 * Tells the owner of an API why signatures do not match. One request is looked at after the other, after the answer was
 * given and with pauses for other work, and only so many: what is over the budget is dropped, so that nobody can burn
 * the server's time with wrong signatures.
 *
 * @example
 * ```ts
 * const onRefused = explainRefusals({ scheme, keys, onExplained: ({ keyId, explanation }) => log.info({ keyId, causes: explanation.causes }) })
 * const verifier = createVerifier(scheme, { origin, keys, onRefused })
 * ```
 */
export function explainRefusals(options: ExplainRefusalsOptions): (refusal: Refusal) => void {
  const { scheme, keys, onExplained, perSecond = 5, perKeyPerMinute = 6, maxAttempts = 5_000, now = () => performance.now() } = options
  const inAll = createBudget(perSecond, 1000, now)
  const perKey = new Map<string, () => boolean>()
  let isBusy = false

  function mayExplain(keyId: string): boolean {
    let budget = perKey.get(keyId)
    if (budget === undefined) {
      const [oldest] = perKey.keys()
      if (perKey.size >= MAX_KEYS_COUNTED && oldest !== undefined) perKey.delete(oldest)
      budget = createBudget(perKeyPerMinute, 60_000, now)
      perKey.set(keyId, budget)
    }
    return budget()
  }

  async function work(keyId: string, { failure, request, body, origin }: Refusal): Promise<void> {
    const key = await keys.find(keyId)
    const [secret, ...otherSecrets] = key === undefined ? [] : key.secrets.map(one => one.reveal())
    if (key === undefined || secret === undefined || origin === undefined) return
    const explanation = await explain({
      scheme,
      request: {
        method: request.method,
        url: origin.origin + origin.basePath + request.target,
        headers: request.headers,
        body: body === 'unread' ? undefined : body,
      },
      secret,
      otherSecrets,
      keyId,
      passphrase: key.passphrase === undefined ? undefined : new TextDecoder().decode(key.passphrase.reveal()),
      basePath: origin.basePath,
      maxAttempts,
      pause: nextTask,
    })
    onExplained({ keyId, failure, explanation })
  }

  return refusal => {
    const { failure, body, origin } = refusal
    // Other failures say all there is to say; and what was not read can't be signed again.
    if (failure.code !== 'bad-signature' || body === 'unread' || origin === undefined) return
    if (isBusy || !mayExplain(failure.keyId) || !inAll()) return
    isBusy = true
    void nextTask()
      .then(() => work(failure.keyId, refusal))
      .catch(() => undefined)
      .finally(() => {
        isBusy = false
      })
  }
}

function nextTask(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 0))
}

/** True so many times in every period, each counted from its first. */
function createBudget(count: number, periodMs: number, now: () => number): () => boolean {
  let start = Number.NEGATIVE_INFINITY
  let left = 0
  return () => {
    const at = now()
    if (at - start >= periodMs) {
      start = at
      left = count
    }
    return left-- > 0
  }
}
