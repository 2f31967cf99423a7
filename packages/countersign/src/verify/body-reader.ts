import type { MaybePromise } from '../contract/maybe-promise.ts'
import type { Digest } from '../crypto/algorithm.ts'
import { type HashRecipe, hashOf } from '../recipe/recipe.ts'
import type { Claim, Stated } from '../scheme/plan.ts'
import { encode } from '../wire/encoding.ts'

/**
 * What a verifier will do with a body, for readers that have to keep or spool it. A reader may ignore it, and read
 * every body alike.
 */
export interface BodyUse {
  /**
   * Whether the call can be taken: someone has a key that it names. Where not, the reader should read the body to its
   * end or limit without keeping it, and give a {@link DroppedBody}.
   */
  isWanted(): MaybePromise<boolean>
  /** What a {@link DroppedBody} has of the body. */
  readonly digests: readonly Digest[]
}

/** A body that was read and not kept. The request is refused, in the time and with the answer of one that was kept. */
export interface DroppedBody {
  /** As many bytes as came in, whatever their values: hashed in the place of the body, so that it takes as long. */
  readonly standIn: Uint8Array
  /** The body's own digests, hashed as it came. */
  readonly digests: ReadonlyMap<Digest, Uint8Array>
}

/** Reads a body of at most `maxBytes`; `too-large` beyond. Called once the headers are in order, and at most once. */
export type BodyReader = (maxBytes: number, use: BodyUse) => Promise<Uint8Array | DroppedBody | undefined | 'too-large'>

/** What a {@link BodyReader} gives. */
export type ReadBody = Awaited<ReturnType<BodyReader>>

export function isDropped(body: ReadBody): body is DroppedBody {
  return typeof body === 'object' && 'standIn' in body
}

/** Every signature of a request. */
export function claimsOf(first: Claim): readonly Claim[] {
  const claims: Claim[] = []
  for (let claim: Claim | undefined = first; claim !== undefined; claim = claim.otherwise) claims.push(claim)
  return claims
}

/** The digests of the body that a request states, or `undefined` where one is not of the bytes as they are. */
export function digestsOf(claims: readonly Claim[]): readonly Digest[] | undefined {
  const hashes = claims.flatMap(({ stated }) => stated.map(bodyHashOf))
  return hashes.includes(undefined) ? undefined : [...new Set(hashes.flatMap(hash => hash?.digest ?? []))]
}

/** The digest that should have been stated of a body that was dropped. */
export function digestIn({ digests }: DroppedBody): (stated: Stated) => string | undefined {
  return stated => {
    const hash = bodyHashOf(stated)
    const bytes = hash === undefined ? undefined : digests.get(hash.digest)
    return hash === undefined || bytes === undefined ? undefined : encode(bytes, hash.encoding === 'raw' ? 'hex' : hash.encoding)
  }
}

function bodyHashOf({ hash: { recipe } }: Stated): HashRecipe | undefined {
  const hash = hashOf(recipe)
  return hash?.of.op === 'field' && hash.of.field === 'body' ? hash : undefined
}
