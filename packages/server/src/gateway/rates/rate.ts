/**
 * How many calls a key may make: a token bucket that holds `quota` tokens when it is full and fills evenly, in
 * `windowSeconds` from empty to full. A call takes one.
 */
export interface Rate {
  readonly quota: number
  readonly windowSeconds: number
}

/** What a bucket says to one call. */
export interface Taken {
  readonly isAllowed: boolean
  /** Tokens that are left, whole ones. */
  readonly remaining: number
  /** Seconds until the bucket is full again, rounded up. */
  readonly resetSeconds: number
  /** Seconds until there is a token, rounded up; 0 where the call is allowed. */
  readonly retryAfterSeconds: number
}

/** Counts calls by what is limited together: a route and a key, say. */
export interface RateLimiter {
  take(bucket: string, rate: Rate): Taken | Promise<Taken>
}

/** How long one token takes to come back, in milliseconds. */
export function intervalOf({ quota, windowSeconds }: Rate): number {
  return (windowSeconds * 1000) / quota
}

/**
 * What is said to a call that found a bucket so empty that it takes `debtMs` to fill; with the token that the call
 * took, where it was allowed.
 */
export function takenOf(rate: Rate, isAllowed: boolean, debtMs: number): Taken {
  const interval = intervalOf(rate)
  return {
    isAllowed,
    // A thousandth of a token is rounding.
    remaining: Math.max(0, Math.floor(rate.quota - debtMs / interval + 0.001)),
    resetSeconds: Math.ceil(debtMs / 1000),
    retryAfterSeconds: isAllowed ? 0 : Math.max(1, Math.ceil((debtMs + interval - rate.windowSeconds * 1000) / 1000)),
  }
}
