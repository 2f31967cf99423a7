import { describe, expect, it } from 'vitest'
import { SCHEMES } from '../schemes/index.ts'
import { featuresOf } from '../sign/features.ts'
import { nonces } from '../sign/nonces.ts'
import { queries } from '../sign/queries.ts'
import { readDeclaration } from './read-declaration.ts'
import { isDeclared } from './scheme.ts'

const base = { name: 'd', title: 'D', algorithm: 'hmac-sha256', signature: { encoding: 'hex' } } as const
const signs = { ...base, message: '{method}{target}{nonce}', headers: { n: '{nonce}', s: '{signature}' } } as const
const carriesInQuery = { ...base, message: '{target}', query: { sig: '{signature}' } } as const

describe('the types of readDeclaration', () => {
  it('ask for the features that the calls of a declaration need', () => {
    expect(readDeclaration(signs, nonces).features).toEqual(nonces)
    expect(readDeclaration(carriesInQuery, queries).features).toEqual(queries)
  })

  it('refuse a scheme file that forgets one', () => {
    // @ts-expect-error nonces are missing
    readDeclaration(signs)
    // @ts-expect-error queries are missing, and nonces don't help
    readDeclaration(carriesInQuery, nonces)
    // @ts-expect-error passphrases are missing
    readDeclaration({ ...base, message: '{target}', headers: { p: '{passphrase}', s: '{signature}' } })
    // @ts-expect-error headers are missing
    readDeclaration({ ...base, message: '{target}{header.x-a}', headers: { s: '{signature}' } })
    // @ts-expect-error dates are missing
    readDeclaration({ ...base, message: '{timestamp}{target}', timestamp: { formats: ['iso8601'] }, headers: { s: '{signature}' } })
    // @ts-expect-error forms are missing
    readDeclaration({ ...base, message: '{target}', headers: { s: '{signature}' }, form: { nonce: '{nonce}' } }, nonces)
  })
})

it('every scheme of the library brings the features that its calls need', () => {
  for (const scheme of SCHEMES.filter(isDeclared))
    expect(Object.keys(scheme.features).sort(), scheme.name).toEqual(Object.keys(featuresOf(scheme)).sort())
})
