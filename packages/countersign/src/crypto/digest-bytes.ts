import type { Digest } from './algorithm.ts'

/** The length of each hash, in bytes. */
export const DIGEST_BYTES: { readonly [D in Digest]: number } = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }

/** The block size of each hash, in bytes: RFC 2104 §2. */
export const BLOCK_BYTES: { readonly [D in Digest]: number } = { sha1: 64, sha256: 64, sha384: 128, sha512: 128 }
