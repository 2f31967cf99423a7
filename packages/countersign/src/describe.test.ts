import { describe, expect, it } from 'vitest'
import { describeScheme } from './describe.ts'
import * as shipped from './schemes/index.ts'
import { SCHEMES } from './schemes/registry.ts'

describe('describeScheme', () => {
  it.each(SCHEMES)('$name: says of every scheme what it signs, carries and gets wrong', scheme => {
    const { message, algorithm, key, signature, carried, mistakes } = describeScheme(scheme)
    for (const text of [message, algorithm, key, signature]) expect(text).not.toBe('')
    expect(carried.length).toBeGreaterThan(0)
    expect(carried.some(({ isRequired }) => isRequired)).toBe(true)
    expect(mistakes.length).toBeGreaterThan(0)
  })

  it('says what a call carries, and what of it not every call has', () => {
    expect(describeScheme(shipped.qredoPartner).carried).toEqual([
      { in: 'header', name: 'x-api-key', value: '{keyId}', isRequired: true },
      { in: 'header', name: 'x-timestamp', value: '{timestamp}', isRequired: false },
      { in: 'header', name: 'x-nonce', value: '{nonce}', isRequired: false },
      { in: 'header', name: 'x-sign', value: '{signature}', isRequired: true },
    ])
    expect(describeScheme(shipped.kraken).message).toBe('{path}{sha256 of "{nonce}{body}", as bytes}')
  })

  it('says which calls a verifier takes unless it says so itself', () => {
    expect(describeScheme(shipped.github).takes).toBe('POST, any path, any query, with a body')
    expect(describeScheme(shipped.kraken).takes).toBe('POST')
    expect(describeScheme(shipped.qredoV1).takes).toBe('')
  })
})
