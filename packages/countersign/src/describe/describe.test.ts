import { describe, expect, it } from 'vitest'
import * as shipped from '../schemes/index.ts'
import { SCHEMES } from '../schemes/registry.ts'
import { describeScheme } from './describe.ts'

describe('describeScheme', () => {
  it.each(SCHEMES)('$name: says of every scheme what it signs, carries and gets wrong', scheme => {
    const { message, algorithm, key, signature, carried, mistakes } = describeScheme(scheme)
    for (const text of [message, algorithm, key, signature]) expect(text).not.toBe('')
    expect(carried.length).toBeGreaterThan(0)
    expect(carried.some(({ required }) => required)).toBe(true)
    expect(mistakes.length).toBeGreaterThan(0)
  })

  it('says what a call carries, and what of it not every call has', () => {
    expect(describeScheme(shipped.qredoPartner).carried).toEqual([
      { in: 'header', name: 'x-api-key', required: true, secret: false, holds: '{keyId}' },
      { in: 'header', name: 'x-timestamp', required: false, secret: false, holds: '{timestamp}' },
      { in: 'header', name: 'x-nonce', required: false, secret: false, holds: '{nonce}' },
      { in: 'header', name: 'x-sign', required: true, secret: false, holds: '{signature}' },
    ])
    expect(describeScheme(shipped.kraken).message).toBe('{path}{sha256 of "{nonce}{body}", as bytes}')
  })

  it('says which calls a verifier takes unless it says so itself', () => {
    expect(describeScheme(shipped.github).takes).toBe('POST, any path, any query, with a body')
    expect(describeScheme(shipped.kraken).takes).toBe('POST')
    expect(describeScheme(shipped.qredoV1).takes).toBe('')
  })
})
