import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { draftSignatures } from '../bases/draft-signatures/index.ts'
import { httpMessageSignatures } from '../bases/http-signatures/index.ts'
import { sigV4 } from '../bases/sigv4/index.ts'
import { createSigner, createVerifier, defineScheme, memoryKeys, type Scheme, type VerifierOptions } from '../index.ts'
import { httpSignaturesDraft12 } from '../schemes/index.ts'
import { codeOf, NOW, ORIGIN, place, SECONDS, secret } from './scene.ts'

const YEAR = 365 * 86_400_000
function verifierOf(scheme: Scheme, options: Partial<VerifierOptions> = {}) {
  return createVerifier(scheme, { origin: ORIGIN, keys: memoryKeys(scheme, [{ id: 'k', secret }]), clock: () => NOW, ...options })
}

/** A call signed at a moment, with headers that are given and sent. */
function signedAt(ms: number, scheme: Scheme, { given = {}, body = 'a=1' }: { given?: Record<string, string>; body?: string } = {}) {
  const signer = createSigner(scheme, { keyId: 'k', secret }, { clock: () => ms })
  const signed = signer.sign({ method: 'POST', url: `${ORIGIN}/orders`, body, headers: given })
  return { method: 'POST', target: '/orders', headers: { host: 'api.example.com', ...given, ...signed.headers }, body: signed.body }
}

const inForm = (meaning: 'issued' | 'expires'): Scheme =>
  defineScheme({
    name: 'time-in-form',
    title: 'Time in the form',
    algorithm: 'hmac-sha256',
    timestamp: { formats: ['milliseconds'], meaning },
    message: '{method}\n{target}\n{body}',
    signature: { encoding: 'hex' },
    headers: { 'x-key': '{keyId}', 'x-signature': '{signature}' },
    form: { timestamp: '{timestamp}' },
  })

describe('a time in a form body', () => {
  it.each([
    ['was signed a year ago', 'issued', NOW - YEAR],
    ['was signed six minutes ago', 'issued', NOW - 360_000],
    ['was signed in six minutes', 'issued', NOW + 360_000],
    ['ended a year ago', 'expires', NOW - YEAR],
    ['ended two minutes ago', 'expires', NOW - 180_000],
    ['ends in a year', 'expires', NOW + YEAR],
  ] as const)('is held against the clock: a call that %s is refused, however often it comes', async (_what, meaning, ms) => {
    const scheme = inForm(meaning)
    const { verify } = verifierOf(scheme)
    const call = signedAt(ms, scheme)
    const codes = [await verify(call), await verify(call), await verify(call)].map(codeOf)
    expect(codes).toEqual(['timestamp-out-of-window', 'timestamp-out-of-window', 'timestamp-out-of-window'])
  })

  it.each(['issued', 'expires'] as const)('lets a call within its window through, once (%s)', async meaning => {
    const scheme = inForm(meaning)
    const { verify } = verifierOf(scheme)
    const call = signedAt(NOW, scheme)
    expect([codeOf(await verify(call)), codeOf(await verify(call))]).toEqual(['accepted', 'replayed'])
  })
})

const kongXDate = draftSignatures({ name: 'kong-x-date', carrier: 'kong', headers: ['x-date', 'request-line', 'digest'] })
const xDate = (ms: number): Record<string, string> => ({ 'x-date': new Date(ms).toUTCString() })

describe('x-date, as Kong takes it in the place of date,', () => {
  it.each([
    ['a year old', -YEAR],
    ['six minutes old', -360_000],
    ['six minutes ahead', 360_000],
  ])('is held against the clock when it is %s', async (_what, ms) => {
    const call = signedAt(NOW + ms, kongXDate, { given: xDate(NOW + ms) })
    expect(codeOf(await verifierOf(kongXDate).verify(call))).toBe('timestamp-out-of-window')
  })

  it('tells a replay', async () => {
    const { verify } = verifierOf(kongXDate)
    const call = signedAt(NOW, kongXDate, { given: xDate(NOW) })
    expect([codeOf(await verify(call)), codeOf(await verify(call))]).toEqual(['accepted', 'replayed'])
  })

  it('has to be a date as HTTP writes it', async () => {
    const scheme = draftSignatures({ name: 'kong-x-date', carrier: 'kong', headers: ['x-date', 'request-line'] })
    const given = { 'x-date': new Date(NOW).toISOString() }
    const signature = createHmac('sha256', secret).update(`x-date: ${given['x-date']}\nGET /orders HTTP/1.1`).digest('base64')
    const authorization = `hmac username="k", algorithm="hmac-sha256", headers="x-date request-line", signature="${signature}"`
    const headers = { host: 'api.example.com', ...given, authorization }
    expect(codeOf(await verifierOf(scheme).verify({ method: 'GET', target: '/orders', headers }))).toBe('malformed-timestamp')
  })

  it('is held against the clock with the other carriers of the draft', async () => {
    for (const carrier of ['authorization', 'signature'] as const) {
      const scheme = draftSignatures({ carrier, headers: ['(request-target)', 'host', 'x-date', 'digest'] })
      const call = signedAt(NOW - YEAR, scheme, { given: xDate(NOW - YEAR) })
      expect(codeOf(await verifierOf(scheme).verify(call))).toBe('timestamp-out-of-window')
    }
  })
})

describe('the times that a signature says of itself', () => {
  const withParameter = (parameter: string) => {
    const call = signedAt(NOW, httpSignaturesDraft12)
    const authorization = (call.headers as Record<string, string>)['authorization'] ?? ''
    return { ...call, headers: { ...call.headers, authorization: authorization.replace(',headers=', `,${parameter},headers=`) } }
  }

  it.each([
    ['expires in the past', `expires=${(NOW - 10_000) / 1000}`],
    ['expires a year ago', `expires=${Math.floor((NOW - YEAR) / 1000)}`],
    ['created in the future', `created=${(NOW + 3_600_000) / 1000}`],
  ])('are looked at though they are not covered: draft 12 with %s is refused', async (_what, parameter) => {
    expect(codeOf(await verifierOf(httpSignaturesDraft12).verify(withParameter(parameter)))).toBe('timestamp-out-of-window')
  })

  it('do not hinder a call of draft 12 when they are in order', async () => {
    const call = withParameter(`created=${NOW / 1000},expires=${(NOW + 30_000) / 1000}`)
    expect(codeOf(await verifierOf(httpSignaturesDraft12).verify(call))).toBe('accepted')
  })

  it('are looked at in RFC 9421 where the verifier does not demand them', async () => {
    const bare = httpMessageSignatures({ parameters: ['keyid', 'nonce'] })
    const both = httpMessageSignatures({ parameters: ['created', 'expires', 'keyid', 'nonce'] })
    const at = async (ms: number): Promise<string> => codeOf(await verifierOf(bare).verify(signedAt(ms, both)))
    expect([await at(NOW), await at(NOW - 120_000), await at(NOW - YEAR)]).toEqual([
      'accepted',
      'timestamp-out-of-window',
      'timestamp-out-of-window',
    ])
  })
})

describe('a date that is signed beside the time of the signature', () => {
  type Headers = { readonly [name: string]: string }
  /** Made by hand: a signer may refuse to sign an old date. */
  const signers: readonly (readonly [string, Scheme, (given: Headers) => Headers])[] = [
    [
      'SigV4',
      sigV4(place),
      given => {
        const stamp = new Date(NOW).toISOString().replace(/[-:]|\.\d+/g, '')
        const headers: Headers = { host: 'api.example.com', 'x-amz-date': stamp, ...given }
        const names = Object.keys(headers).sort()
        const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
        const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
        const lines = names.map(name => `${name}:${headers[name]}\n`).join('')
        const scope = [stamp.slice(0, 8), place.region, place.service, 'aws4_request']
        const text = `AWS4-HMAC-SHA256\n${stamp}\n${scope.join('/')}\n${sha256(`GET\n/x\n\n${lines}\n${names.join(';')}\n${sha256('')}`)}`
        const key = scope.reduce<string | Buffer>((chain, part) => hmac(chain, part), `AWS4${secret}`)
        const signature = hmac(key, text).toString('hex')
        const credential = ['k', ...scope].join('/')
        return {
          ...headers,
          authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
        }
      },
    ],
    [
      'RFC 9421',
      httpMessageSignatures(),
      given => {
        const covered = ['@method', '@target-uri', ...Object.keys(given)].map(name => `"${name}"`).join(' ')
        const input = `(${covered});created=${SECONDS};keyid="k";nonce="n"`
        const lines = Object.entries(given).map(([name, value]) => `"${name}": ${value}\n`)
        const base = `"@method": GET\n"@target-uri": ${ORIGIN}/x\n${lines.join('')}"@signature-params": ${input}`
        const signature = createHmac('sha256', Buffer.from(secret, 'base64')).update(base).digest('base64')
        return { host: 'api.example.com', ...given, 'signature-input': `sig=${input}`, signature: `sig=:${signature}:` }
      },
    ],
  ]
  const verifyWith = async (scheme: Scheme, headers: Headers): Promise<string> =>
    codeOf(await verifierOf(scheme).verify({ method: 'GET', target: '/x', headers }))

  describe.each(signers)('by %s', (_name, scheme, sign) => {
    it.each(['date', 'x-date'])('is held against the clock: %s', async name => {
      const at = (ms: number): Promise<string> => verifyWith(scheme, sign({ [name]: new Date(NOW + ms).toUTCString() }))
      expect([await at(-YEAR), await at(-360_000), await at(360_000), await at(-120_000), await at(120_000)]).toEqual([
        'timestamp-out-of-window',
        'timestamp-out-of-window',
        'timestamp-out-of-window',
        'accepted',
        'accepted',
      ])
    })

    it('is a date, unless it is x-date', async () => {
      expect(await verifyWith(scheme, sign({ date: 'garbage' }))).toBe('malformed-timestamp')
      expect(await verifyWith(scheme, sign({ 'x-date': 'garbage' }))).toBe('accepted')
    })
  })

  it('holds a presigned URL to the window of that date', async () => {
    const scheme = sigV4({ ...place, in: 'query' })
    const date = new Date(NOW).toUTCString()
    const signer = createSigner(scheme, { keyId: 'k', secret }, { clock: () => NOW })
    const at = async (ms: number, given: Headers): Promise<string> => {
      const { url } = signer.sign({ method: 'GET', url: `${ORIGIN}/x`, headers: given })
      const { verify } = verifierOf(scheme, { clock: () => NOW + ms })
      return codeOf(await verify({ method: 'GET', target: url.slice(ORIGIN.length), headers: { host: 'api.example.com', ...given } }))
    }
    expect([await at(600_000, {}), await at(120_000, { date }), await at(600_000, { date })]).toEqual([
      'accepted',
      'accepted',
      'timestamp-out-of-window',
    ])
  })
})
