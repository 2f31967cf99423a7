import { describe, expect, it } from 'vitest'
import { problemHeaders, toProblem } from '../contract/problem.ts'
import { memoryKeys } from '../keys/key.ts'
import { qredoV1 } from '../schemes/qredo-v1.ts'
import { createSigner } from '../sign/sign.ts'
import { compileDeprecation, type Deprecation, deprecated } from './deprecation.ts'
import { createVerifier } from './verify.ts'

const secret = Buffer.alloc(60, 7).toString('base64')
const url = 'https://api.example.com/balance'
const DEPRECATION: Deprecation = {
  since: '2026-10-01T00:00:00Z',
  sunset: '2027-04-01T00:00:00Z',
  successor: 'qredo-v2',
  link: 'https://api.example.com/migrating',
  brownOuts: [{ from: '2027-01-01T10:00:00Z', until: '2027-01-01T10:30:00Z' }],
}
const HEADERS = {
  // RFC 9745 §2.1, a date of structured fields; RFC 8594 §3, an HTTP-date.
  deprecation: '@1790812800',
  sunset: 'Thu, 01 Apr 2027 00:00:00 GMT',
  link: '<https://api.example.com/migrating>; rel="deprecation"; type="text/html", <https://api.example.com/migrating>; rel="sunset"; type="text/html"',
}

function at(moment: string, what: 'scheme' | 'route' = 'scheme', keyId = 'k') {
  const clock = (): number => Date.parse(moment)
  const told: string[] = []
  const verifier = deprecated(
    createVerifier(qredoV1, { origin: 'https://api.example.com', keys: memoryKeys(qredoV1, [{ id: 'k', secret }]), clock }),
    DEPRECATION,
    {
      what,
      ...(what === 'route' ? { name: 'GET /balance' } : {}),
      clock,
      onUsed: id => told.push(id),
      onRefused: ({ code }) => told.push(code),
    },
  )
  const { headers } = createSigner(qredoV1, { keyId, secret }, { clock }).sign({ method: 'GET', url })
  return verifier.verify({ method: 'GET', target: '/balance', headers }).then(result => ({ result, told }))
}

describe('a deprecated scheme', () => {
  it('is served, and says with every answer that it will not be', async () => {
    const { result, told } = await at('2026-11-01T00:00:00Z')
    expect(result).toMatchObject({ ok: true, headers: HEADERS })
    expect(told).toEqual(['k'])
  })

  it('is interrupted by schedule, and says until when', async () => {
    const { result, told } = await at('2027-01-01T10:10:00Z')
    expect(result).toMatchObject({
      failure: { code: 'brown-out', successor: 'qredo-v2' },
      headers: { ...HEADERS, 'retry-after': '1200' },
    })
    expect(told).toEqual(['k', 'brown-out'])
    if (!result.ok)
      expect(toProblem(result.failure)).toMatchObject({ status: 503, detail: expect.stringContaining('2027-01-01T10:30:00.000Z') })
    expect((await at('2027-01-01T10:30:00Z')).result.ok).toBe(true)
  })

  it('is refused after the sunset with a 401 that names the successor', async () => {
    const { result } = await at('2027-04-01T00:00:00Z')
    expect(result).toMatchObject({ failure: { code: 'scheme-retired' }, headers: HEADERS })
    if (result.ok) return
    expect(toProblem(result.failure)).toMatchObject({ status: 401, detail: expect.stringContaining('sign by qredo-v2') })
    expect(problemHeaders(result.failure, 'qredo-v1')).toMatchObject({ 'www-authenticate': 'Countersign scheme="qredo-v2"' })
  })

  it('tells strangers nothing of its keys, and the headers all the same', async () => {
    const { result, told } = await at('2027-05-01T00:00:00Z', 'scheme', 'nobody')
    expect(result).toMatchObject({ failure: { code: 'unknown-key' }, headers: HEADERS })
    expect(told).toEqual([])
  })
})

describe('a deprecated route', () => {
  it('is gone after the sunset', async () => {
    const { result } = await at('2027-04-02T00:00:00Z', 'route')
    expect(result.ok ? undefined : toProblem(result.failure)).toMatchObject({
      status: 410,
      code: 'route-retired',
      detail: 'GET /balance is no longer served: call qredo-v2 instead.',
    })
  })
})

describe('compileDeprecation', () => {
  it.each<[string, Deprecation]>([
    ['a moment that is none', { since: 'soon' }],
    ['a sunset before the deprecation', { since: '2027-01-01', sunset: '2026-01-01' }],
    ['a brown-out that ends before it begins', { since: 0, brownOuts: [{ from: 2, until: 1 }] }],
    ['a link that could end its header', { since: 0, link: 'https://a.example/>; rel="x"' }],
  ])('refuses %s', (_what, deprecation) => {
    expect(() => compileDeprecation(deprecation)).toThrow(expect.objectContaining({ code: 'option-invalid' }) as Error)
  })

  it('leaves out what is not decided', () => {
    expect(compileDeprecation({ since: new Date(0) }).headers).toEqual({ deprecation: '@0' })
  })
})
