import { isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileAddresses } from './address.ts'

describe('compileAddresses', () => {
  it.each([
    ['10.0.0.0/8', ['10.1.2.3', '::ffff:10.1.2.3'], ['11.0.0.1', '::10.1.2.3', '10.1.2', '']],
    ['192.168.1.7', ['192.168.1.7'], ['192.168.1.8', '192.168.1.07']],
    ['10.0.0.128/25', ['10.0.0.129'], ['10.0.0.127']],
    ['0.0.0.0/0', ['1.2.3.4'], ['::1']],
    ['2001:db8::/32', ['2001:db8::1', '2001:DB8:ffff::'], ['2001:db9::1', '1.2.3.4']],
    ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2']],
    ['fe80::/10', ['fe80::1%eth0'], ['fec0::1']],
  ])('%s', (range, inside, outside) => {
    const allows = compileAddresses([range])
    for (const address of inside) expect(allows(address), address).toBe(true)
    for (const address of outside) expect(allows(address), address).toBe(false)
  })

  it('reads every IPv6 address that Node does', () => {
    fc.assert(
      fc.property(fc.ipV6(), address => {
        expect(isIPv6(address)).toBe(true)
        expect(compileAddresses([address])(address)).toBe(true)
      }),
      { seed: 14 },
    )
  })

  it('refuses what is no address or range', () => {
    for (const range of [
      '',
      'localhost',
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '10.0.0.0/',
      '::/129',
      '1:2:3',
      '::1::',
      '256.1.1.1',
      '10.0.0.0/8x',
    ])
      expect(() => compileAddresses([range]), range).toThrow(expect.objectContaining({ code: 'option-invalid' }))
  })
})
