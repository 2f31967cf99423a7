import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createForwardedReader } from './forwarded.ts'

const ONE = 'https://api.example.com'
const TWO = ['https://a.example.com', 'https://b.example.com']

function request(address: string, headers: { readonly [name: string]: string }): IncomingMessage {
  const made = new IncomingMessage(Object.defineProperty(new Socket(), 'remoteAddress', { value: address }))
  made.rawHeaders = Object.entries(headers).flat()
  Object.assign(made.headers, headers)
  return made
}

describe('where a call comes from', () => {
  const proxied = { host: 'inner', 'x-forwarded-for': '8.8.8.8, 192.0.2.7, 10.0.0.2', 'x-forwarded-host': 'evil.example, b.example.com' }

  it.each([
    ['without a list nothing is believed', undefined, '10.0.0.1', proxied, '10.0.0.1'],
    ['a proxy that is listed is believed, from the right', ['10.0.0.0/8'], '10.0.0.1', proxied, '192.0.2.7'],
    ['nobody else is', ['10.0.0.0/8'], '192.0.2.9', proxied, '192.0.2.9'],
    ['an entry that is no address ends the reading', ['10.0.0.0/8'], '10.0.0.1', { 'x-forwarded-for': '192.0.2.7, unknown' }, undefined],
    ['a proxy that calls itself is itself', ['10.0.0.0/8'], '10.0.0.1', {}, '10.0.0.1'],
  ] as const)('%s', (_name, trustedProxies, address, headers, expected) => {
    expect(createForwardedReader({ origin: ONE, trustedProxies })(request(address, headers)).address).toBe(expected)
  })

  it.each([
    ['one origin’s host is said, whatever was called', ONE, undefined, { host: 'evil.example' }, 'api.example.com', 'https'],
    ['one of several is what was called, which is verified', TWO, undefined, { host: 'b.example.com' }, 'b.example.com', 'https'],
    ['and what a trusted proxy says was called', TWO, ['10.0.0.1'], proxied, 'b.example.com', 'https'],
    ['but nobody else', TWO, ['10.0.0.2'], { ...proxied, host: 'a.example.com' }, 'a.example.com', 'https'],
    ['a WebSocket’s origin has HTTP’s scheme', 'wss://api.example.com', undefined, { host: 'x' }, 'api.example.com', 'https'],
    ['the scheme is the socket’s where origins have both', [ONE, 'http://api.example.com'], undefined, { host: 'x' }, 'x', 'http'],
    [
      'or what a trusted proxy says',
      [ONE, 'http://api.example.com'],
      ['10.0.0.1'],
      { host: 'x', 'x-forwarded-proto': 'gopher, https' },
      'x',
      'https',
    ],
    [
      'which is one of the two',
      [ONE, 'http://api.example.com'],
      ['10.0.0.1'],
      { host: 'x', 'x-forwarded-proto': 'https, gopher' },
      'x',
      'http',
    ],
    ['a wildcard is what was called', 'https://*.example.com', undefined, { host: 'c.example.com' }, 'c.example.com', 'https'],
  ] as const)('the upstream is told: %s', (_name, origin, trustedProxies, headers, host, proto) => {
    const called = createForwardedReader({ origin, trustedProxies })(request('10.0.0.1', headers))
    expect([called.forwardedHost, called.forwardedProto]).toEqual([host, proto])
  })

  it('no list is made of what is no range', () => {
    expect(() => createForwardedReader({ origin: ONE, trustedProxies: ['10.0.0.0/40'] })).toThrow(
      expect.objectContaining({ code: 'option-invalid' }),
    )
  })
})
