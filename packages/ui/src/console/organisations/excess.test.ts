import type { KeyView } from '@countersign/server'
import { expect, it } from 'vitest'
import { excessOf } from './excess.ts'

const key = { scheme: 'stripe', permissions: ['balance', 'web3'], addresses: ['10.0.0.0/8'] } as unknown as KeyView

it.each([
  [{ permissions: ['balance'] }, 'permissions web3'],
  [{ permissions: [] }, 'permissions balance, web3'],
  [{ schemes: ['rfc9421'] }, 'scheme stripe'],
  [{ permissions: ['web3'], schemes: [] }, 'permissions balance; scheme stripe'],
  [{ permissions: ['balance', 'web3'], schemes: ['stripe'], addresses: ['192.0.2.0/24'] }, 'addresses 10.0.0.0/8'],
])('above %j are: %s', (ceilings, excess) => {
  expect(excessOf(key, ceilings)).toBe(excess)
})

it('a key that may be used from anywhere is above a ceiling of addresses', () => {
  expect(excessOf({ ...key, addresses: [] }, { addresses: ['192.0.2.0/24'] })).toBe('addresses any')
})
