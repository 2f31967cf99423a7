/** Wrong tokens of an address before it has to wait. */
const FREE_FAILURES = 5
/** The wait after the last of those; each further one doubles it. */
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 300_000
/** Without another wrong token for so long, an address starts afresh. */
const FORGET_MS = 900_000
/** Addresses that are remembered at once. */
const MAX_ADDRESSES = 10_000

export interface ThrottleOptions {
  /** The most addresses that are remembered; then those that tried least recently are forgotten. Default: 10,000. */
  readonly maxAddresses?: number | undefined
}

/** Slows down whoever presents wrong tokens, by address. */
export interface Throttle {
  /**
   * Begins an attempt, or says how long the address has to wait, in milliseconds. One that runs counts as a wrong token
   * until it is over, so that many at once get no further than many in a row; the rest wait for what becomes of it.
   */
  begin(address: string): Promise<Attempt | number>
  /** How many addresses are remembered. */
  readonly size: number
}

export interface Attempt {
  /** @param isRight `undefined` where it was not found out */
  end(isRight: boolean | undefined): void
}

interface Failures {
  count: number
  running: number
  at: number
  readonly waiting: (() => void)[]
}

/**
 * After five wrong tokens an address waits, twice as long after each: up to five minutes. It is not by administrator,
 * or a stranger could lock them out; a token has 256 bits, so this saves the work of the store rather than the token.
 */
export function createThrottle(clock: () => number, { maxAddresses = MAX_ADDRESSES }: ThrottleOptions = {}): Throttle {
  const failures = new Map<string, Failures>()

  /** The failures of an address, moved to the end of the queue for eviction. */
  function failuresOf(address: string): Failures {
    const former = failures.get(address)
    const isOver = former !== undefined && former.running === 0 && clock() - former.at > FORGET_MS
    const current = former === undefined || isOver ? { count: 0, running: 0, at: 0, waiting: [] } : former
    failures.delete(address)
    failures.set(address, current)
    const [oldest] = failures.keys()
    if (failures.size > maxAddresses && oldest !== undefined) failures.delete(oldest)
    return current
  }

  return {
    async begin(given) {
      const address = networkOf(given)
      const own = failuresOf(address)
      for (;;) {
        if (own.count >= FREE_FAILURES) {
          const wait = own.at + Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (own.count - FREE_FAILURES)) - clock()
          if (wait > 0) return wait
        }
        // Once there were too many, one at a time.
        if (own.running < Math.max(1, FREE_FAILURES - own.count)) break
        await new Promise<void>(resolve => own.waiting.push(resolve))
      }
      own.running++
      return {
        end(isRight) {
          own.running--
          if (isRight === true) own.count = 0
          if (isRight === false) {
            own.count++
            own.at = clock()
          }
          for (const resume of own.waiting.splice(0, isRight === false ? own.waiting.length : 1)) resume()
          if (own.count === 0 && own.running === 0 && own.waiting.length === 0 && failures.get(address) === own) failures.delete(address)
        },
      }
    },
    get size() {
      return failures.size
    },
  }
}

/** One host may have all addresses of an IPv6 network of 64 bits. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (!plain.includes(':')) return plain
  const [head = '', tail] = plain.split('::', 2)
  const groups = head === '' ? [] : head.split(':')
  const behind = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - behind.length)
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...behind]
  return `${all
    .slice(0, 4)
    .map(group => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
