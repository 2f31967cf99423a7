const FREE_FAILURES = 5
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 300_000
const FORGET_MS = 900_000
const MAX_ADDRESSES = 10_000

/** Slows down who presents wrong tokens, by address. */
export interface Throttle {
  /** How long this address has to wait, in milliseconds; 0: not at all. */
  waitMs(address: string): number
  failed(address: string): void
  succeeded(address: string): void
}

/**
 * After five wrong tokens an address waits, twice as long after each: up to five minutes. It is not by administrator,
 * or a stranger could lock them out; a token has 256 bits, so this saves the work of scrypt rather than the token.
 */
export function createThrottle(clock: () => number): Throttle {
  const failures = new Map<string, { count: number; at: number }>()
  return {
    waitMs(address) {
      const known = failures.get(address)
      if (known === undefined) return 0
      if (clock() - known.at > FORGET_MS) {
        failures.delete(address)
        return 0
      }
      if (known.count < FREE_FAILURES) return 0
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (known.count - FREE_FAILURES))
      return Math.max(0, known.at + wait - clock())
    },
    failed(address) {
      const count = (failures.get(address)?.count ?? 0) + 1
      failures.delete(address)
      failures.set(address, { count, at: clock() })
      const [oldest] = failures.keys()
      if (failures.size > MAX_ADDRESSES && oldest !== undefined) failures.delete(oldest)
    },
    succeeded: address => void failures.delete(address),
  }
}
