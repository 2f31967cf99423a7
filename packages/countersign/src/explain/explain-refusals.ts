import { crypto as platform } from '#crypto'
import { checkNumbers } from '../contract/check-numbers.ts'
import type { Failure } from '../contract/failure.ts'
import { checkFunctions, refuseUnknown, wantFunction } from '../contract/refuse-unknown.ts'
import { tell } from '../contract/tell.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { KeySource } from '../keys/key.ts'
import type { DeclaredScheme } from '../scheme/scheme.ts'
import { checkCrypto, checkDeclared, checkSources } from '../verify/check-options.ts'
import { DEFAULT_SOURCE_TIMEOUT_MS, type Refusal } from '../verify/types.ts'
import { createWait, systemTimer } from '../verify/waiting.ts'
import { type Explanation, explain } from './explain.ts'

/** What the owner is told. It has the right signature in it: keep it from the stranger who sent the request. */
export interface ExplainedRefusal {
  readonly keyId: string
  readonly failure: Failure
  /** Its messages are cut after 64 KiB. */
  readonly explanation: Explanation
}

export interface ExplainRefusalsOptions {
  readonly scheme: DeclaredScheme
  /** The same that the verifier has. It is waited for as long as a verifier does by default: five seconds. */
  readonly keys: KeySource
  /** Told of every explanation, whether or not it found a cause. What it throws or rejects with is dropped. */
  readonly onExplained: (event: ExplainedRefusal) => void
  /** Refusals explained per second, over all keys. Default: 2. */
  readonly perSecond?: number | undefined
  /** Refusals explained per minute for one key. Default: 6. */
  readonly perKeyPerMinute?: number | undefined
  /** Queue length: refusals that may wait while one is explained. Default: 4. */
  readonly maxWaiting?: number | undefined
  /** Total size of the bodies of waiting refusals, in bytes. Default: 16 MiB. */
  readonly maxWaitingBytes?: number | undefined
  /**
   * Maximum number of messages to try for one refusal. Default: 5,000; where the platform hashes by promises
   * (WebCrypto): 1,000.
   */
  readonly maxAttempts?: number | undefined
  /**
   * Work limit per refusal, in hashed bytes; copying and rewriting are converted to hashed bytes. Default: 40 MiB,
   * which is about 0.1 s of one core, in steps of a few milliseconds; where the platform hashes by promises: 8 MiB. See
   * docs/decisions/0008.
   */
  readonly maxHashedBytes?: number | undefined
  /** Milliseconds of any steady clock. Default: `performance.now`. */
  readonly now?: (() => number) | undefined
  /**
   * Lets other work have a turn. An explanation whose pause takes more than five seconds is given up. Default: a timer
   * of 0 ms.
   */
  readonly pause?: (() => Promise<void>) | undefined
  /** The platform's cryptography. Default: `node:crypto` where there is one, else WebCrypto. */
  readonly crypto?: CryptoProvider | undefined
}

const OPTIONS: { readonly [N in keyof Required<ExplainRefusalsOptions>]: true } = {
  scheme: true,
  keys: true,
  onExplained: true,
  perSecond: true,
  perKeyPerMinute: true,
  maxWaiting: true,
  maxWaitingBytes: true,
  maxAttempts: true,
  maxHashedBytes: true,
  now: true,
  pause: true,
  crypto: true,
}

/** Is given every refusal, and chooses what is explained. */
export interface RefusalExplainer {
  (refusal: Refusal): void
  /** How many wrong signatures were not explained, for the budget or because too many were waiting. */
  readonly dropped: number
}

/**
 * Number of keys counted at once; beyond it the oldest count is dropped, and the budget for all of them still holds.
 */
const MAX_KEYS_COUNTED = 10_000
const MAX_WAITING = 4
const MAX_WAITING_BYTES = 16_777_216
/** To write a larger body anew takes several milliseconds, without a pause. */
const MAX_REWRITTEN_BYTES = 32_768
const MAX_SHOWN_BYTES = 65_536

/**
 * Defaults for a synchronous platform, which also shares the hash of a common prefix, and for WebCrypto, which does
 * neither.
 */
const BUDGETS = {
  synchronous: { attempts: 5_000, hashedBytes: 41_943_040 },
  byPromises: { attempts: 1_000, hashedBytes: 8_388_608 },
} as const

/**
 * Tells the owner of an API why signatures do not match. One request is looked at after the other, after the answer was
 * given and with a pause after every few milliseconds, and only so many and so much of each: what is over the budget is
 * dropped, so that nobody can burn the server's time with wrong signatures.
 *
 * @example
 * ```ts
 * const onRefused = explainRefusals({ scheme, keys, onExplained: ({ keyId, explanation }) => log.info({ keyId, causes: explanation.causes }) })
 * const verifier = createVerifier(scheme, { origin, keys, onRefused })
 * ```
 * @throws CountersignError `option-invalid`
 */
export function explainRefusals(options: ExplainRefusalsOptions): RefusalExplainer {
  refuseUnknown(options, Object.keys(OPTIONS), 'explainRefusals:')
  checkCrypto(options.crypto)
  const { scheme, keys, onExplained, perSecond = 2, perKeyPerMinute = 6, crypto = platform } = options
  const { maxWaiting = MAX_WAITING, maxWaitingBytes = MAX_WAITING_BYTES, now = () => performance.now(), pause = nextTask } = options
  const budget = BUDGETS[crypto.synchronous ? 'synchronous' : 'byPromises']
  const { maxAttempts = budget.attempts, maxHashedBytes = budget.hashedBytes } = options
  checkDeclared(scheme)
  wantFunction('onExplained', onExplained)
  checkFunctions({ now, pause })
  checkSources(keys, undefined)
  checkNumbers({ perSecond, perKeyPerMinute, maxWaiting, maxWaitingBytes, maxAttempts, maxHashedBytes })
  const wait = createWait(systemTimer)
  const rest = async (): Promise<void> => wait(pause(), DEFAULT_SOURCE_TIMEOUT_MS, 'The option pause')
  const inAll = createBudget(perSecond, 1000, now)
  const perKey = new Map<string, () => boolean>()
  const waiting: Refusal[] = []
  let waitingBytes = 0
  let dropped = 0
  let isBusy = false

  function mayExplain(keyId: string): boolean {
    let budgetOfKey = perKey.get(keyId)
    if (budgetOfKey === undefined) {
      const [oldest] = perKey.keys()
      if (perKey.size >= MAX_KEYS_COUNTED && oldest !== undefined) perKey.delete(oldest)
      budgetOfKey = createBudget(perKeyPerMinute, 60_000, now)
      perKey.set(keyId, budgetOfKey)
    }
    return budgetOfKey()
  }

  async function work({ failure, request, body, origin }: Refusal): Promise<void> {
    if (failure.code !== 'bad-signature' || origin === undefined || body === 'unread') return
    const { keyId } = failure
    const key = await wait(keys.find(keyId), DEFAULT_SOURCE_TIMEOUT_MS, 'The key source')
    const [secret, ...otherSecrets] = key === undefined ? [] : key.secrets.map(one => one.reveal())
    if (key === undefined || secret === undefined) return
    const explanation = await explain({
      scheme,
      request: { method: request.method, url: origin.origin + origin.basePath + request.target, headers: request.headers, body },
      secret,
      otherSecrets,
      keyId,
      passphrase: key.passphrase === undefined ? undefined : new TextDecoder().decode(key.passphrase.reveal()),
      basePath: origin.basePath,
      maxAttempts,
      maxHashedBytes,
      maxRewrittenBytes: MAX_REWRITTEN_BYTES,
      maxShownBytes: MAX_SHOWN_BYTES,
      crypto,
      pause: rest,
      now,
    })
    tell(onExplained, { keyId, failure, explanation })
  }

  async function workOff(): Promise<void> {
    isBusy = true
    for (let refusal = waiting.shift(); refusal !== undefined; refusal = waiting.shift()) {
      waitingBytes -= bytesOf(refusal)
      try {
        await rest()
        await work(refusal)
      } catch {
        // The key source is away, say; the next may be explained.
      }
    }
    isBusy = false
  }

  function explainer(refusal: Refusal): void {
    const { failure, body, origin } = refusal
    // Other failures say all there is to say; and what was not read can't be signed again.
    if (failure.code !== 'bad-signature' || body === 'unread' || origin === undefined) return
    const hasRoom = waiting.length < (isBusy ? maxWaiting : Math.max(1, maxWaiting)) && waitingBytes + bytesOf(refusal) <= maxWaitingBytes
    if (!hasRoom || !mayExplain(failure.keyId) || !inAll()) {
      dropped++
      return
    }
    waiting.push(refusal)
    waitingBytes += bytesOf(refusal)
    if (!isBusy) void workOff()
  }

  return Object.defineProperty(explainer, 'dropped', { get: () => dropped }) as RefusalExplainer
}

function bytesOf({ body }: Refusal): number {
  return body instanceof Uint8Array ? body.length : 0
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
