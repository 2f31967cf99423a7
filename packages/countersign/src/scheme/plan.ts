import type { Failure } from '../contract/failure.ts'
import type { MaybePromise } from '../contract/maybe-promise.ts'
import type { Algorithm, Digest } from '../crypto/algorithm.ts'
import type { Call } from '../recipe/call.ts'
import type { CompiledHash, CompiledRecipe, TextOf } from '../recipe/compile.ts'
import type { Recipe } from '../recipe/recipe.ts'
import type { IncomingHeaders } from '../wire/headers.ts'
import type { Message } from '../wire/message.ts'
import type { Origin } from '../wire/origins.ts'
import type { SignableRequest, SignedRequest } from './request.ts'

/**
 * The contract between a scheme and the engine. A request goes through four states, `Claim → CompleteClaim →
 * TimelyClaim → Composition`; each can only be made from the one before, so a rule such as "a time is held against the
 * clock" can't be left out.
 */
declare const state: unique symbol
interface In<S extends string> {
  readonly [state]: S
}

/** When a call was signed, and until when it holds; in milliseconds since the epoch. */
export interface Moment {
  /** Of several signed times, the earliest. */
  readonly issuedMs: number | undefined
  /** Of several signed times, the latest; may be left out where there is one. */
  readonly newestMs?: number | undefined
  readonly expiresMs: number | undefined
  /** An end that is stated but not signed: the call is refused after it, and a replay is remembered longer. */
  readonly statedExpiresMs?: number | undefined
  /** Holds from `issuedMs` to `expiresMs` however long that is, as a presigned URL does. */
  readonly isLongLived: boolean
  /** The timestamp is so fine that no two calls share it, so that an equal GET is a replay too. */
  readonly isUnique: boolean
}

/** How many signatures one request may have (a rotation has two); one with more is refused. */
export const MAX_SIGNATURES = 8

/**
 * Signatures that may be those of key pairs. When this many of a request don't hold and more are left, it is refused:
 * each costs up to a millisecond, and anybody can send them.
 */
export const MAX_WRONG_SIGNATURES = 2

/** What was carried and can be worked out again from the call: the digest of a body. The prover compares it. */
export interface Stated {
  readonly text: string
  readonly hash: CompiledHash
}

/** What all states of a call have. */
export interface ClaimFields {
  /** Empty where the call names no key. */
  readonly keyId: string
  /** The `Host` header. */
  readonly host: string | undefined
  /** Empty where there is none. */
  readonly nonce: string
  /** In the encoding of the scheme, in its one spelling. */
  readonly signature: string
  /** More of them, where a header lists several. */
  readonly moreSignatures: readonly string[]
  /**
   * The algorithms that the call says its key has; `undefined` where it does not say. The key decides, a label can only
   * agree.
   */
  readonly algorithms: readonly Algorithm[] | undefined
  /** What was carried as the passphrase; `undefined` where the scheme has none. */
  readonly passphrase: string | undefined
  readonly stated: readonly Stated[]
  /** How the signature holds the body of this call fast. */
  readonly body: 'not-signed' | 'by-digest' | 'whole'
  /** What the recipe reads. Origin, URL and body are put in by `complete` and `compose`. */
  readonly call: Call
}

/** What the head of a request says: every field once, in its one spelling. No key, no body, no cryptography. */
export interface Claim extends ClaimFields, In<'claim'> {
  /** `in-body` where a form carries it; then `complete` finds it. */
  readonly moment: Moment | 'in-body' | undefined
  /** Another signature of the same request, tried where this one does not hold, and remembered where it does. */
  readonly otherwise: Claim | undefined
  /** `false`: it stands beside the one that is asked for, so that no call is taken by it; but it could be made to. */
  readonly isAskedFor?: false
}

/** With what the body carries: nothing of the call is unread any more. */
export interface CompleteClaim extends ClaimFields, In<'complete'> {
  readonly moment: Moment | undefined
}

/** Held against the clock. `judgeTime` is its only maker, and `compose` takes nothing else. */
export interface TimelyClaim extends ClaimFields, In<'timely'> {
  readonly moment: Moment | undefined
}

/** A claim, made by `read`. */
export function claimOf(fields: Omit<Claim, typeof state>): Claim {
  return fields as Claim
}

/**
 * The claim with nothing unread, made by `complete`. Puts the body into the call.
 *
 * @param found what the body carried, where the claim's moment is `in-body`; without it there is no completing that
 */
export function completed(claim: Claim, body: Uint8Array | undefined | 'deferred', found?: Moment): CompleteClaim {
  claim.call.body = body === 'deferred' ? undefined : body
  if (claim.moment === 'in-body' && found === undefined) throw new TypeError('The time is in the body, and the body was not read.')
  const fields: ClaimFields = found === undefined ? claim : { ...claim, moment: found }
  return fields as CompleteClaim
}

/** A recipe, compiled, and what its fields stand for in one call. */
export interface Composition {
  readonly recipe: Recipe
  readonly made: CompiledRecipe
  readonly call: Call
  /** The texts that the key is derived over, where it is. */
  readonly chain: readonly TextOf[] | undefined
}

export interface PlanRequest {
  readonly method: string
  readonly target: string
  readonly headers: IncomingHeaders
}

/** What a request says that its body's digest is, where the signature covers that. */
export interface BodyDigest {
  readonly algorithm: Digest
  readonly encoding: 'base64' | 'hex'
  /** In this encoding; base64 with padding. */
  readonly text: string
}

/**
 * What a scheme is compiled to for a verifier. The recipe that `compose` gives sets `call.missing` while it is written,
 * not the plan; a plan that composes a call again, for another origin, has to clear it.
 */
export interface Plan {
  /** Whether `complete` reads what the body says, beyond whether there is one. */
  readonly readsBody: boolean
  /**
   * Whether a request has a signature of this scheme, right or wrong: everything that each of its calls has, in the
   * scheme's own form. `Authorization: Bearer …` is none of SigV4's.
   */
  presents(request: PlanRequest): boolean
  /** Takes the headers apart, strictly. */
  read(request: PlanRequest): Claim | Failure
  /**
   * Reads what the body carries, and puts the body into the call.
   *
   * @param body `deferred`: it is not there; what {@link Plan.statedDigest} gave is compared later, by whoever reads it
   */
  complete(claim: Claim, body: Uint8Array | undefined | 'deferred'): CompleteClaim | Failure
  /** Puts the origin into the call, and gives the recipe of the message. */
  compose(claim: TimelyClaim, origin: Origin): Composition | Failure
  /** For calls that sign a digest of the body: that digest, when there is just one that can be compared. */
  statedDigest(claim: Claim): BodyDigest | undefined
}

/**
 * What a scheme is compiled to for a signer. What it prepares may hold more than the composition, for its own `carry`.
 */
export interface Preparer<P extends Composition = Composition> {
  prepare(request: SignableRequest): MaybePromise<P>
  /**
   * Writes what travels. Takes what `prepare` gave.
   *
   * @param signedPassphrase the passphrase's own signature, where the scheme sends that
   */
  carry(prepared: P, signature: string, signedPassphrase: string): SignedRequest
}

/** Signs the message of a composition, in the scheme's encoding. */
export type SignComposition = (message: Message, composition: Composition) => MaybePromise<string>

/** A refusal has a `code`; nothing else that a plan answers with has. */
export function isFailure(value: object): value is Failure {
  return 'code' in value
}
