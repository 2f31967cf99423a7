import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientAddress, compileTrustedProxies } from './client-address.ts'

const trusted = compileTrustedProxies(['10.0.0.0/8', 'fd00::/8'])
const listed = (value: string, socket = '10.0.0.1') => clientAddress(socket, { 'x-forwarded-for': value }, trusted)
const forwarded = (value: string, socket = '10.0.0.1') => clientAddress(socket, { forwarded: value }, trusted)

describe('clientAddress', () => {
  it('reads what is made to be slow in one pass', () => {
    // Read in quadratic time, it would take minutes.
    const spaces = ' '.repeat(400_000)
    for (const value of [`1.1.1.1${spaces}b`, `${spaces}1.1.1.1${spaces},`, `1.1.1.1${',1.1.1.1'.repeat(50_000)},b`])
      expect([listed(value), forwarded(value)]).toEqual([undefined, undefined])
  })

  it.each([
    ['what the proxy saw', '192.0.2.7', '192.0.2.7'],
    ['the first from the right that is no proxy', '8.8.8.8, 192.0.2.7, 10.0.0.2', '192.0.2.7'],
    ['the leftmost where all are proxies', '10.9.9.9,10.0.0.2', '10.9.9.9'],
    ['whatever stands further left', 'garbage, 192.0.2.7', '192.0.2.7'],
    ['tabs and spaces', '\t 192.0.2.7 \t', '192.0.2.7'],
    ['a port', '192.0.2.7:4711', '192.0.2.7'],
    ['IPv6', '2001:db8::1, fd00::2', '2001:db8::1'],
    ['IPv6 with a port', '[2001:db8::1]:4711', '2001:db8::1'],
    ['IPv4 written as IPv6', '::ffff:192.0.2.7, ::ffff:10.0.0.3', '::ffff:192.0.2.7'],
    ['a malformed entry', '192.0.2.7, unknown', undefined],
    ['a malformed entry behind a proxy', '192.0.2.7, unknown, 10.0.0.2', undefined],
    ['an empty entry', '192.0.2.7,', undefined],
    ['an empty header', '', undefined],
    ['leading zeros', '192.0.2.07', undefined],
    ['a name', 'localhost', undefined],
    ['brackets around IPv4', '[192.0.2.7]', undefined],
    ['a list in one entry', '192.0.2.7 10.0.0.2', undefined],
  ])('of X-Forwarded-For: %s', (_what, value, client) => {
    expect(listed(value)).toBe(client)
  })

  it.each([
    ['what the proxy saw', 'for=192.0.2.7;proto=https;by=10.0.0.1', '192.0.2.7'],
    ['any case, other order', 'Proto=https; FOR="192.0.2.7:4711"', '192.0.2.7'],
    ['IPv6', 'for="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['the first from the right', 'for=8.8.8.8, for=192.0.2.7, for=10.0.0.2', '192.0.2.7'],
    ['a comma within quotes', 'for=192.0.2.7;host="a, for=10.1.1.1"', '192.0.2.7'],
    ['unknown', 'for=unknown', undefined],
    ['an obfuscated name', 'for=_hidden, for=10.0.0.2', undefined],
    ['nobody', 'proto=https', undefined],
    ['two in an element', 'for=192.0.2.7;for=10.0.0.2', undefined],
    ['a quote that somebody left open', 'for=", for="[2001:db8::1]"', undefined],
    ['an escape', 'for="192.0.2.\\7"', undefined],
    ['no list', '192.0.2.7', undefined],
    ['an empty header', '', undefined],
  ])('of Forwarded: %s', (_what, value, client) => {
    expect(forwarded(value)).toBe(client)
  })

  it('is what both say where both are there, since a proxy writes only one of them', () => {
    const both = (list: string, other: string) => clientAddress('10.0.0.1', { 'x-forwarded-for': list, forwarded: other }, trusted)
    expect(both('192.0.2.7', 'for=192.0.2.7')).toBe('192.0.2.7')
    expect(both('192.0.2.7', 'for=10.1.1.1')).toBe(undefined)
    expect(both('10.1.1.1', 'for=192.0.2.7')).toBe(undefined)
    expect(both('192.0.2.7', 'garbage')).toBe(undefined)
  })

  it('is the socket’s where that is no trusted proxy, or nothing was handed on', () => {
    expect(listed('1.1.1.1', '192.0.2.1')).toBe('192.0.2.1')
    expect(clientAddress('10.0.0.1', { 'x-forwarded-for': '1.1.1.1' }, compileTrustedProxies([]))).toBe('10.0.0.1')
    expect(clientAddress('10.0.0.1', {}, trusted)).toBe('10.0.0.1')
    expect(clientAddress(undefined, { 'x-forwarded-for': '1.1.1.1' }, trusted)).toBe(undefined)
  })

  it('reads several lines as one list, in the order in which they came', () => {
    const raw = ['X-Forwarded-For', '8.8.8.8', 'a', 'b', 'x-forwarded-for', '192.0.2.7', 'X-FORWARDED-FOR', '10.0.0.2']
    expect(clientAddress('10.0.0.1', raw, trusted)).toBe('192.0.2.7')
  })

  it('is nothing that a client wrote, behind a proxy that appends what it saw', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('x-forwarded-for', 'forwarded'), fc.string(), (written, header, other) => {
        const seen = header === 'forwarded' ? `${written},for=192.0.2.7` : `${written},192.0.2.7`
        const answer = clientAddress(
          '10.0.0.1',
          { [header === 'forwarded' ? 'x-forwarded-for' : 'forwarded']: other, [header]: seen },
          trusted,
        )
        expect([undefined, '192.0.2.7']).toContain(answer)
      }),
      { seed: 16, numRuns: 2000 },
    )
  })

  it.each(['10.0.0.0/33', 'proxy', '10.0.0.0/8/8', ''])('takes no %j for a range', range => {
    expect(() => compileTrustedProxies([range])).toThrow(expect.objectContaining({ code: 'option-invalid' }))
  })
})
