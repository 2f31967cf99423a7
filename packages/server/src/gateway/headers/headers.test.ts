import { expect, it } from 'vitest'
import { ALWAYS_DROPPED, forwardedHeaders } from './headers.ts'

it.each([
  ...['accept', 'authorization', 'content-type', 'content-encoding', 'cookie', 'etag', 'if-match', 'idempotency-key', 'link', 'origin'],
  ...['traceparent', 'user-agent', 'x-amz-date', 'x-api-key', 'x-client-id', 'x-client-version', 'x-correlation-id', 'x-csrf-token'],
  ...['x-delivery-address', 'x-original-filename', 'x-remote-branch', 'x-recipient', 'x-tenant', 'x-zip', 'x-ship-to', 'x-user-id'],
])('a header that says nothing of the client goes upstream: %s', name => {
  expect(forwardedHeaders([name, 'x'], ALWAYS_DROPPED)).toEqual([name, 'x'])
})

it.each(['cf-connecting-ip', 'x-forwarded-prefix', 'remote-user', 'x-envoy-original-path', 'client-cert'])(
  'one that does is dropped unless it is kept by name: %s',
  name => {
    expect(forwardedHeaders([name, 'x'], ALWAYS_DROPPED)).toEqual([])
    expect(forwardedHeaders([name, 'x'], ALWAYS_DROPPED, new Set([name]))).toEqual([name, 'x'])
  },
)
