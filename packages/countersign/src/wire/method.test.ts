import { describe, expect, it } from 'vitest'
import { CountersignError } from '../contract/error.ts'
import { memoryKeys } from '../keys/key.ts'
import { qredoV1, SCHEMES } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import { upperCase } from './method.ts'

const keys = memoryKeys(qredoV1)
const origin = 'https://api.example.com'
/** What both sides take, and what neither does. */
const TAKEN = ['GET', 'PROPFIND', 'A', 'A'.repeat(20)]
const NOT_TAKEN = ['', 'M-SEARCH', 'POſT', 'A'.repeat(21), 'GET ', 'GE\nT', 'G3T', 'ÄT']

const refusal = (act: () => unknown): unknown => {
  try {
    act()
  } catch (error) {
    return error instanceof CountersignError ? error.code : error
  }
  return 'taken'
}

describe('What a method is', () => {
  it.each([...TAKEN.map(method => [method, 'taken'] as const), ...NOT_TAKEN.map(method => [method, 'option-invalid'] as const)])(
    '%j is the same to signers, to the option only and to the limits: %s',
    (method, outcome) => {
      expect(refusal(() => upperCase(method))).toBe(outcome)
      expect(refusal(() => createVerifier(qredoV1, { origin, keys, only: { methods: [method] } }))).toBe(outcome)
      expect(refusal(() => createVerifier(qredoV1, { origin, keys, limits: { methods: [method] } }))).toBe(outcome)
    },
  )

  it('is written in any case for a signer, and in upper case for a verifier', () => {
    expect(upperCase('pOst')).toBe('POST')
    expect(() => createVerifier(qredoV1, { origin, keys, only: { methods: ['get'] } })).toThrow(
      /option only.methods: a method is .*; got get/,
    )
    expect(() => createVerifier(qredoV1, { origin, keys, limits: { methods: ['get'] } })).toThrow(
      /option limits.methods: a method .*; got get/,
    )
    expect(() => createVerifier(qredoV1, { origin, keys, limits: { methods: [] } })).toThrow(/no call would be taken/)
  })

  it('becomes no other one on its way through a signer of any scheme', () => {
    for (const scheme of SCHEMES.filter(({ keys }) => keys !== 'key-pair')) {
      const credentials = { secret: Buffer.alloc(32, 1), ...(scheme.keyId === 'none' ? {} : { keyId: 'k' }) }
      const signer = (): unknown =>
        createSigner(scheme, { ...credentials, ...(scheme.hasPassphrase ? { passphrase: 'p' } : {}) }).sign({
          method: 'poſt',
          url: 'https://sqs.eu-west-1.amazonaws.com/',
          headers: {},
        })
      expect(signer, scheme.name).toThrow(/"poſt" is not a valid HTTP method/)
    }
  })
})
