import { z } from 'zod'
import { readUpstreamUrl } from '../gateway/upstream-url.ts'

/** Checks a setting with the function that will read it, and reports what that throws. */
export function takenBy<T>(read: (value: T) => unknown): (value: T, context: z.RefinementCtx) => void {
  return (value, context) => {
    try {
      read(value)
    } catch (error) {
      context.addIssue({ code: 'custom', message: String(error instanceof Error ? error.message : error) })
    }
  }
}

export const milliseconds = z.int().min(1).max(3_600_000)

export const upstream = z.url({ protocol: /^https?$/ }).superRefine(takenBy(readUpstreamUrl))

/** Paths of PEM files. */
export const upstreamTls = z
  .strictObject({ ca: z.string().optional(), cert: z.string().optional(), key: z.string().optional() })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), 'Certificate and key go together.')

/** A route's own; the others are the gateway's. */
export const routeTimeouts = z.strictObject({
  connectTimeoutMs: milliseconds.optional(),
  headersTimeoutMs: milliseconds.optional(),
  bodyTimeoutMs: milliseconds.optional(),
  halfClosedTimeoutMs: milliseconds.optional(),
})
