import { ServerError } from '../../errors.ts'

/**
 * How many calls a key may make: a token bucket that holds `quota` tokens when it is full and fills evenly, in
 * `windowSeconds` from empty to full. A call takes one.
 */
export interface Rate {
  readonly quota: number
  readonly windowSeconds: number
}

/** The most calls of a rate, and the longest time to get them back, a year in seconds. */
export const MAX_QUOTA = 1_000_000_000
export const MAX_WINDOW_SECONDS = 31_536_000

/** @throws ServerError `route-invalid` */
export function checkRate(path: string, { quota, windowSeconds }: Rate): void {
  const isWithin = (value: number, most: number): boolean => Number.isInteger(value) && value >= 1 && value <= most
  if (isWithin(quota, MAX_QUOTA) && isWithin(windowSeconds, MAX_WINDOW_SECONDS)) return
  throw new ServerError(
    'route-invalid',
    400,
    `The rate of the route ${path} has a quota from 1 to ${MAX_QUOTA} and windowSeconds from 1 to ${MAX_WINDOW_SECONDS}, in whole numbers.`,
  )
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
