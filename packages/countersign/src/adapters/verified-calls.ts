import { CountersignError } from '../contract/error.ts'
import type { Verified } from '../verify/verify.ts'

/** By the object that a framework hands its handlers: Express' and Fastify's request, Koa's and Hono's context. */
const calls = new WeakMap<object, Verified>()

/** Remembers the call of a request that was let through. */
export function rememberCall(carrier: object, verified: Verified): void {
  calls.set(carrier, verified)
}

/**
 * The verified call of a request: its key, and the bytes that the signature covers. The framework's own types are left
 * alone: a property that only some routes have would be a lie on the others.
 *
 * @param carrier what the handler was given: the request of Express or Fastify, the context of Koa or Hono
 * @throws CountersignError `call-not-verified` where no `requireSignature` stands in front of the handler
 */
export function verifiedCall(carrier: object): Verified {
  const verified = calls.get(carrier)
  if (verified !== undefined) return verified
  throw new CountersignError(
    'call-not-verified',
    'Nothing has verified this request: put requireSignature(verifier) in front of its handler.',
  )
}
