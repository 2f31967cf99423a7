import type { Failure, FailureCode } from '../contract/failure.ts'

export type FailureOf<C extends FailureCode> = Extract<Failure, { readonly code: C }>

const MOMENT_MS = Date.UTC(2024, 0, 1)
const keyId = 'test-key'

/** A failure of each code, as a verifier could have found it. */
export const EXAMPLES: { readonly [C in FailureCode]: FailureOf<C> } = {
  'method-not-allowed': { code: 'method-not-allowed', method: 'TRACE' },
  'malformed-target': { code: 'malformed-target' },
  'unknown-origin': { code: 'unknown-origin', host: 'other.example.com' },
  'missing-header': { code: 'missing-header', header: 'x-signature' },
  'duplicate-header': { code: 'duplicate-header', header: 'x-signature' },
  'malformed-header': { code: 'malformed-header', header: 'x-signature' },
  'malformed-signature': { code: 'malformed-signature', header: 'x-signature' },
  'malformed-timestamp': { code: 'malformed-timestamp', header: 'x-timestamp' },
  'timestamp-out-of-window': { code: 'timestamp-out-of-window', skewMs: -3_600_000, serverTimeMs: MOMENT_MS },
  'unknown-key': { code: 'unknown-key', keyId },
  'bad-signature': { code: 'bad-signature', keyId },
  'key-revoked': { code: 'key-revoked', keyId },
  'key-disabled': { code: 'key-disabled', keyId },
  'key-expired': { code: 'key-expired', keyId, expiredAtMs: MOMENT_MS },
  'address-not-allowed': { code: 'address-not-allowed', keyId, address: '203.0.113.7' },
  'unexpected-body': { code: 'unexpected-body', method: 'GET' },
  'missing-body': { code: 'missing-body' },
  'part-not-taken': { code: 'part-not-taken', part: 'query' },
  'body-too-large': { code: 'body-too-large', maxBytes: 1_048_576 },
  'insufficient-coverage': { code: 'insufficient-coverage', missing: ['@method'] },
  'digest-mismatch': { code: 'digest-mismatch' },
  'too-many-signatures': { code: 'too-many-signatures' },
  'ambiguous-request': { code: 'ambiguous-request', loss: 'dot-segments', part: 'path' },
  replayed: { code: 'replayed', keyId },
  'permission-denied': { code: 'permission-denied', keyId, required: ['orders'] },
  'scheme-retired': { code: 'scheme-retired', keyId, name: 'v1', successor: 'v2' },
  'route-retired': { code: 'route-retired', keyId, name: '/v1/orders', successor: '/v2/orders' },
  'brown-out': { code: 'brown-out', keyId, name: 'v1', successor: 'v2', untilMs: MOMENT_MS },
  'key-source-unavailable': { code: 'key-source-unavailable' },
  'replay-guard-unavailable': { code: 'replay-guard-unavailable' },
  'replay-guard-full': { code: 'replay-guard-full', keyId },
  'body-incomplete': { code: 'body-incomplete' },
  'body-unreadable': { code: 'body-unreadable' },
  'verifier-failed': { code: 'verifier-failed' },
}
