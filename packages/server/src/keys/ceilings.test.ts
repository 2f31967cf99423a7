import { createKey } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findExcess } from './ceilings.ts'

/** Addresses near one another, so that ranges overlap, touch and miss. */
const v4 = fc.tuple(fc.constantFrom(10, 11, 203), fc.constantFrom(0, 1, 127, 128), fc.nat(255), fc.nat(255)).map(parts => parts.join('.'))
const v6 = fc
  .tuple(fc.constantFrom('2001:db8', '2001:db9', '::ffff'), fc.constantFrom('0', '1', '8000', '0a00'), fc.constantFrom('0', '1'))
  .map(([start, third, last]) =>
    start === '::ffff' ? `::ffff:${third}:${last}` : `${start}:${third}::${last}${last === '1' ? '%eth0' : ''}`,
  )
const range = fc.oneof(
  fc.tuple(v4, fc.option(fc.nat(32))).map(([address, bits]) => (bits === null ? address : `${address}/${bits}`)),
  fc.tuple(v6, fc.option(fc.nat(128)), fc.boolean()).map(([address, bits, isLoud]) => {
    const text = isLoud ? address.toUpperCase() : address
    // An IPv4 address written in IPv6 is one of 32 bits, to the verifier.
    return bits === null ? text : `${text}/${address.startsWith('::ffff') ? bits % 33 : bits}`
  }),
)
const allows = (addresses: readonly string[]) =>
  createKey(qredoV1, { id: 'k', secret: new Uint8Array(32), addresses }).allowsAddress ?? (() => true)

describe('the ranges of a ceiling', () => {
  it('hold every address that a key within them is used from, as the verifier reads both', () => {
    fc.assert(
      fc.property(
        fc.array(range, { minLength: 1, maxLength: 3 }),
        fc.array(range, { minLength: 1, maxLength: 3 }),
        fc.array(fc.oneof(v4, v6), { minLength: 1, maxLength: 20 }),
        (ceiling, addresses, clients) => {
          if (findExcess({ addresses: ceiling }, { scheme: 'x', permissions: [], addresses }) !== undefined) return
          const [byKey, byCeiling] = [allows(addresses), allows(ceiling)]
          for (const client of clients) expect([client, byKey(client) && !byCeiling(client)]).toEqual([client, false])
        },
      ),
      { numRuns: 5_000 },
    )
  })

  it('take each of themselves, and each address in them', () => {
    fc.assert(
      fc.property(range, given => {
        const bounds = { addresses: [given] }
        expect(findExcess(bounds, { scheme: 'x', permissions: [], addresses: [given] })).toBeUndefined()
        const [address = ''] = given.split('/')
        expect(findExcess(bounds, { scheme: 'x', permissions: [], addresses: [address] })).toBeUndefined()
      }),
    )
  })
})
