import { tell } from 'countersign'
import { ServerError } from '../errors.ts'
import type { RedisLook } from './look-at-redis.ts'

/** While claims come, Redis is looked at as often as this, and they don't wait for it. */
export const LOOK_AGAIN_MS = 1_000
/** What was seen longer ago holds no more: a claim waits for the next look. */
export const STALE_MS = 2_000
/** Between two looks at a Redis that can't be trusted. */
export const LONGEST_WAIT_MS = 500

/** Nodes that are remembered, among them those that are gone. */
const MAX_NODES = 2_000

/** Redis answers, and says that it doesn't keep what it is told. */
const DISTRUST: ReadonlySet<string> = new Set(['redis-evicts', 'redis-read-only', 'redis-loading'])

export interface TrustOptions {
  /** @throws ServerError what keeps Redis from being trusted, or from answering */
  readonly look: () => Promise<RedisLook>
  /** Told of what keeps Redis from being trusted, once, and of what each new connection begins with. */
  readonly onError: ((error: unknown) => void) | undefined
  /** Told once of what else is wrong, of `redis-evicted`, and of the end of each, `redis-recovered`. */
  readonly warn: (warning: ServerError) => void
  /** Does what has to be done once calls may be forgotten, before Redis is trusted again. */
  readonly onEvicted: () => Promise<unknown>
  /** In milliseconds. Default: the process's own, which nobody sets. */
  readonly age?: (() => number) | undefined
}

/** Whether Redis keeps what it is told, as was seen when it was last looked at: its settings change while it works. */
export interface Trust {
  /** Resolves at once while Redis is trusted; rejects with what keeps it from that. */
  hold(): Promise<void>
  /** Looks now. */
  look(): Promise<void>
  /** There is a new connection. */
  connected(): void
  /** There is no connection any more. */
  lost(): void
}

export function createTrust({ look: lookAt, onError, warn, onEvicted, age = () => performance.now() }: TrustOptions): Trust {
  let last: Promise<void> | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  let isTrusted = false
  let trustedAt = Number.NEGATIVE_INFINITY
  /** The code of what the log was told last, until it is over. */
  let told: string | undefined
  let isNew = false
  /** How many keys each node had evicted when it was last seen. */
  const evicted = new Map<string, number>()

  function look(): Promise<void> {
    const at = age()
    lookedAt = at
    const looked = lookAndTell().then(
      () => {
        if (last !== looked) return
        isTrusted = true
        trustedAt = at
      },
      (error: unknown) => {
        // One that is late says nothing of what Redis keeps: claims go on until what is known is stale.
        if (last === looked && isDistrust(error)) isTrusted = false
        throw error
      },
    )
    last = looked
    return looked
  }

  async function lookAndTell(): Promise<void> {
    try {
      const { warning, evictions } = await lookAt()
      await noticeEvictions(evictions)
      say(warning, warn)
    } catch (error) {
      if (isDistrust(error)) say(error, distrust => tell(onError, distrust))
      throw error
    }
  }

  async function noticeEvictions(found: ReadonlyMap<string, number>): Promise<void> {
    if ([...found].some(([node, count]) => count > (evicted.get(node) ?? count))) {
      isTrusted = false
      await onEvicted()
      warn(new ServerError('redis-evicted', 503, EVICTED))
    }
    if (evicted.size > MAX_NODES) evicted.clear()
    for (const [node, count] of found) evicted.set(node, count)
  }

  function say(found: ServerError | undefined, to: (error: ServerError) => void): void {
    const before = told
    told = found?.code
    if (found !== undefined && (found.code !== before || isNew)) to(found)
    isNew = false
    if (found === undefined && before !== undefined)
      warn(new ServerError('redis-recovered', 503, `redis: what was wrong with it is over (${before}).`))
  }

  return {
    async hold() {
      const at = age()
      if (isTrusted && at - trustedAt >= STALE_MS) isTrusted = false
      if (last === undefined || at - lookedAt >= (isTrusted ? LOOK_AGAIN_MS : LONGEST_WAIT_MS)) look().catch(() => undefined)
      if (!isTrusted) await last
    },
    look,
    connected() {
      isNew = true
      look().catch((error: unknown) => {
        if (!isDistrust(error)) tell(onError, error)
      })
    },
    lost() {
      last = undefined
      isTrusted = false
    },
  }
}

const EVICTED =
  'redis: it has evicted keys, perhaps calls that were taken, so calls that were signed before are refused until they are too old. Set maxmemory-policy noeviction, and leave it so.'

function isDistrust(error: unknown): error is ServerError {
  return error instanceof ServerError && DISTRUST.has(error.code)
}
