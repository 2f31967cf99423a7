import type { Plus } from './lists.ts'

export interface SigV4Options {
  /** What users type. Default: `aws-sigv4`, or `aws-sigv4-query`. */
  readonly name?: string | undefined
  /**
   * Where a signer puts the signature: an `Authorization` header, or the query (a presigned URL). A verifier takes
   * both. Default: `header`.
   */
  readonly in?: 'header' | 'query' | undefined
  /**
   * A signer's; default: its parameter `service`, or what a host of AWS tells (`SERVICE.REGION.amazonaws.com`,
   * `BUCKET.s3.dualstack.REGION.amazonaws.com`, …). A verifier takes no other.
   */
  readonly service?: string | undefined
  /** Like `service`. */
  readonly region?: string | undefined
  /**
   * Whether a verifier takes payloads that are not signed (`UNSIGNED-PAYLOAD`, the `STREAMING-…` markers). Default:
   * false.
   */
  readonly allowUnsignedPayload?: boolean | undefined
  /**
   * What `+` in a query stands for: itself, as AWS has it (a signer writes `%2B`), or a space, as forms have it.
   * Default: `literal`.
   */
  readonly plus?: Plus | undefined
}

/** What a service or a region is called: a part of the credential scope. */
export const SCOPE_PART = /^[A-Za-z0-9_.-]{1,64}$/

export const SCOPE_PART_IS = 'letters, digits, -, _ and ., up to 64 of them'

/** A week, in seconds. */
export const MAX_EXPIRES = 604_800
