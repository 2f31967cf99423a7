import type { AnswerHeaders } from 'countersign'
import type { Rate, Taken } from './rate.ts'

/** What the limit is called in headers. */
const POLICY = '"per-key"'

/**
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10), and `Retry-After` where a call is
 * refused.
 */
export function rateHeaders({ quota, windowSeconds }: Rate, taken: Taken): AnswerHeaders {
  return {
    'ratelimit-policy': `${POLICY};q=${quota};w=${windowSeconds}`,
    ratelimit: `${POLICY};r=${taken.remaining};t=${taken.resetSeconds}`,
    ...(taken.isAllowed ? {} : { 'retry-after': String(taken.retryAfterSeconds) }),
  }
}
