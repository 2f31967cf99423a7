import { expect, it } from 'vitest'
import { ALWAYS_DROPPED, mayBeKept } from './header-names.ts'
import { createUpstreamHeaders, passedOnHeaders } from './upstream-headers.ts'

it.each([
  ...['accept', 'authorization', 'content-type', 'content-encoding', 'cookie', 'etag', 'if-match', 'idempotency-key', 'link', 'origin'],
  ...['user-agent', 'x-amz-date', 'x-api-key', 'x-client-id', 'x-client-version', 'x-correlation-id', 'x-csrf-token'],
  ...['x-delivery-address', 'x-original-filename', 'x-remote-branch', 'x-recipient', 'x-tenant', 'x-zip', 'x-ship-to', 'x-user-id'],
])('a header that says nothing of the client goes upstream: %s', name => {
  expect(passedOnHeaders([name, 'x'], ALWAYS_DROPPED)).toEqual([name, 'x'])
})

it.each(['cf-connecting-ip', 'x-forwarded-prefix', 'remote-user', 'x-envoy-original-path', 'client-cert'])(
  'one that does is dropped unless it is kept by name: %s',
  name => {
    expect(passedOnHeaders([name, 'x'], ALWAYS_DROPPED)).toEqual([])
    expect(passedOnHeaders([name, 'x'], ALWAYS_DROPPED, new Set([name]))).toEqual([name, 'x'])
  },
)

it('none of the headers that the gateway sets can be kept of a client', () => {
  const headersOf = createUpstreamHeaders({ upstreamHost: 'api.internal', keepHeaders: [] })
  const from = { address: '192.0.2.1', host: undefined, forwardedHost: 'api.example.com', forwardedProto: 'https' } as const
  const set = headersOf([], ALWAYS_DROPPED, [], 'id', from, 1).filter((_, at) => at % 2 === 0)
  expect(set).toHaveLength(6)
  for (const name of set) {
    expect([name, mayBeKept(name)]).toEqual([name, false])
    expect([name, passedOnHeaders([name, 'x'], ALWAYS_DROPPED)]).toEqual([name, []])
  }
})
