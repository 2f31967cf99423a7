import { createSigner, defineScheme, type Scheme } from 'countersign'
import { draftSignatures } from 'countersign/draft-signatures'
import { httpMessageSignatures } from 'countersign/http-signatures'
import { awsSigV4, awsSigV4Query, qredoV1 } from 'countersign/schemes'
import { describe, expect, it } from 'vitest'
import { ALWAYS_DROPPED, OVERRIDES } from './header-names.ts'
import { compileSignedOverride } from './signed-override.ts'
import { passedOnHeaders } from './upstream-headers.ts'

const ORIGIN = 'https://api.example.com'
const secret = Buffer.alloc(60, 7).toString('base64')

/** Schemes that sign a header, each in its own way. */
const schemesFor = (name: string): readonly Scheme[] => [
  httpMessageSignatures({ name: 'rfc9421-like', components: ['@method', '@target-uri', name] }),
  draftSignatures({ name: 'draft-like', headers: ['(request-target)', 'date', name] }),
  awsSigV4,
  awsSigV4Query,
  defineScheme({
    name: 'own',
    title: 'Own',
    algorithm: 'hmac-sha256',
    secret: { encoding: 'base64' },
    signature: { encoding: 'base64' },
    timestamp: { formats: ['seconds'] },
    message: `{timestamp}\n{method}\n{url}\n{body}\n{header.${name}}`,
    headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}', 'x-signature': '{signature}' },
  }),
]

const cases = [...OVERRIDES].flatMap(name => schemesFor(name).map(scheme => [name, scheme.name, scheme] as const))

describe.each(cases)('%s, signed by %s', (name, _scheme, scheme) => {
  const sent = { host: 'api.example.com', [name]: '/admin' }
  const parameters = scheme.name.startsWith('aws') ? { parameters: { service: 'execute-api', region: 'eu-west-1' } } : {}
  const call = createSigner(scheme, { keyId: 'k', secret }, parameters).sign({
    method: 'GET',
    url: `${ORIGIN}/x`,
    headers: sent,
  })
  const target = call.url.slice(ORIGIN.length)

  it('is known to be, in any case', () => {
    const isSigned = compileSignedOverride([qredoV1, scheme])
    for (const spelling of [name, name.toUpperCase()])
      expect(isSigned([...Object.entries(call.headers).flat(), spelling, '/admin'], target)).toBe(true)
    expect(isSigned(Object.entries(call.headers).flat(), target)).toBe(false)
  })
})

describe.each([...OVERRIDES])('%s that nobody signed', name => {
  it.each([name, name.toUpperCase(), name.replaceAll('-', '_'), name.replaceAll('-', '.')])('is taken off, as %s', spelling => {
    const { headers } = createSigner(qredoV1, { keyId: 'k', secret }).sign({ method: 'GET', url: `${ORIGIN}/x` })
    const raw = [...Object.entries(headers).flat(), spelling, '/admin', 'x-kept', 'yes']
    expect(compileSignedOverride([qredoV1])(raw, '/x')).toBe(false)
    expect(passedOnHeaders(raw, ALWAYS_DROPPED)).not.toContain(spelling)
    expect(passedOnHeaders(raw, ALWAYS_DROPPED)).toContain('x-kept')
  })
})
