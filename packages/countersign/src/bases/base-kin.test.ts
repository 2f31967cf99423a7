import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryKeys } from '../keys/key.ts'
import { tries } from '../properties/tries.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { createSigner, type SignableRequest } from '../sign/sign.ts'
import { createVerifier, type IncomingRequest, type Verification, type VerifierOptions } from '../verify/verify.ts'
import { draftSignatures } from './draft-signatures/scheme.ts'
import { signMessage } from './http-signatures/message-signatures.ts'
import { httpMessageSignatures } from './http-signatures/scheme.ts'
import { sigV4 } from './sigv4/scheme.ts'

/** Faults of the three bases that are like others, each in a scheme where it was not looked for first. */
const NOW = 1_647_356_399_000
const ORIGIN = 'https://api.example.com'
const DATE = new Date(NOW).toUTCString()
const OLD_DATE = new Date(NOW - 3_600_000).toUTCString()
const secret = Buffer.alloc(40, 5).toString('base64')
const place = { service: 'execute-api', region: 'eu-west-1' }

type Call = IncomingRequest & { readonly headers: readonly (readonly [string, string])[] }

/** What a scheme's client sends: its own headers, and those that it signed. */
function sent(scheme: Scheme, request: Partial<SignableRequest> = {}, now = NOW): Call {
  const given: SignableRequest = { method: 'POST', url: `${ORIGIN}/orders?b=2`, body: '{"a":1}', ...request }
  const { method, url, headers, body } = createSigner(scheme, { keyId: 'k', secret }, { clock: () => now }).sign(given)
  return {
    method,
    target: url.slice(ORIGIN.length),
    headers: Object.entries({ host: 'api.example.com', ...given.headers, ...headers }),
    body,
  }
}

async function codeOf(scheme: Scheme, call: IncomingRequest, options: Partial<VerifierOptions> = {}): Promise<string> {
  const keys = memoryKeys(scheme, [{ id: 'k', secret }])
  const result: Verification = await createVerifier(scheme, { origin: ORIGIN, keys, clock: () => NOW, ...options }).verify(call)
  return result.ok ? 'ok' : result.failure.code
}

function rewritten(call: Call, name: string, rewrite: (value: string) => string): Call {
  return { ...call, headers: call.headers.map(([own, value]) => [own, own === name ? rewrite(value) : value]) }
}

describe('every time that is signed', () => {
  const dated = httpMessageSignatures({ components: ['@method', '@target-uri', 'content-digest', 'date'], parameters: ['keyid'] })
  const both = httpMessageSignatures({ components: ['@method', '@target-uri', 'content-digest', 'date'] })

  it.each([
    ['the date of RFC 9421, without created', dated, DATE, {}, 'ok'],
    ['the date of RFC 9421, beside created', both, DATE, { created: NOW / 1000 }, 'ok'],
    ['an old date of RFC 9421, without created', dated, OLD_DATE, {}, 'timestamp-out-of-window'],
    ['an old date of RFC 9421, beside created', both, OLD_DATE, { created: NOW / 1000 }, 'timestamp-out-of-window'],
  ])('%s', async (_, scheme, date, times, code) => {
    const message = { method: 'GET', target: '/orders', origin: ORIGIN, headers: [['date', date]] as [string, string][] }
    const fields = await signMessage(message, {
      label: 'a',
      components: ['@method', '@target-uri', 'date'],
      parameters: { ...times, keyid: 'k', nonce: 'n' },
      key: { algorithm: 'hmac-sha256', secret: Buffer.from(secret, 'base64') },
    })
    const headers = [...message.headers, ['host', 'api.example.com'], ...Object.entries(fields).slice(0, 2)] as [string, string][]
    expect(await codeOf(scheme, { method: 'GET', target: '/orders', headers })).toBe(code)
  })

  it.each([
    ['RFC 9421', dated],
    ['RFC 9421 with created', both],
    ['SigV4', sigV4(place)],
  ])('is the time at which a signer of %s signs, or it signs nothing', async (_, scheme) => {
    for (const name of scheme.name === 'rfc9421' ? ['date'] : ['date', 'x-date'])
      expect(() => sent(scheme, { headers: { [name]: OLD_DATE } })).toThrow(expect.objectContaining({ code: 'timestamp-invalid' }))
    expect(await codeOf(scheme, sent(scheme, { headers: { date: DATE } }))).toBe('ok')
  })

  it('tells a replay by a signed date alone', async () => {
    const verifier = createVerifier(dated, { origin: ORIGIN, keys: memoryKeys(dated, [{ id: 'k', secret }]), clock: () => NOW })
    const call = sent(dated, { headers: { date: DATE } })
    expect(await verifier.verify(call)).toMatchObject({ ok: true })
    expect(await verifier.verify(call)).toMatchObject({ failure: { code: 'replayed' } })
  })

  it('of draft 12 is read, or the call is refused', async () => {
    const scheme = draftSignatures({ headers: ['(request-target)', '(created)', '(expires)', 'host', 'digest'] })
    const call = sent(scheme)
    const without = (pattern: RegExp): Call => rewritten(call, 'authorization', value => value.replace(pattern, ''))
    expect(await codeOf(scheme, without(/created=\d+,/))).toBe('missing-header')
    expect(await codeOf(scheme, without(/expires=\d+,/))).toBe('missing-header')
    expect(
      await codeOf(
        scheme,
        rewritten(call, 'authorization', value => value.replace(/created=\d+/, 'created=soon')),
      ),
    ).toBe('malformed-timestamp')
    const quoted = rewritten(call, 'authorization', value => value.replace(/(created|expires)=(\d+)/g, '$1="$2"'))
    expect(await codeOf(scheme, quoted)).toBe('ok')
  })
})

describe('a list that draft 12 leaves out', () => {
  it('is (created), or date where nothing was created', async () => {
    const created = draftSignatures({ headers: ['(created)'] })
    const dated = draftSignatures({ headers: ['date'] })
    const only = { only: { methods: ['GET'], paths: 'any' } } as const
    for (const scheme of [created, dated]) {
      const call = sent(scheme, { method: 'GET', body: undefined, url: `${ORIGIN}/x` })
      expect(
        await codeOf(
          scheme,
          rewritten(call, 'authorization', value => value.replace(/headers="[^"]*",/, '')),
          only,
        ),
      ).toBe('ok')
    }
  })
})

describe('the host that is signed', () => {
  it.each([
    httpMessageSignatures({ components: ['@method', '@path', '@query', 'host', 'content-digest'] }),
    draftSignatures(),
    sigV4(place),
  ])("is the verifier's own, whatever the header says: $name", async scheme => {
    const call = sent(scheme)
    expect(
      await codeOf(
        scheme,
        rewritten(call, 'host', () => 'other.example.com'),
      ),
    ).toBe('ok')
    expect(await codeOf(scheme, call, { origin: 'https://other.example.com' })).toBe('bad-signature')
  })
})

describe('SigV4 in two places', () => {
  const inHeader = sigV4(place)
  const inQuery = sigV4({ ...place, name: 'in-query', in: 'query' })

  it.each([inHeader, inQuery])('is refused, since either could be sent alone: $name', async scheme => {
    const presigned = sent(inQuery)
    const own = sent(inHeader, { url: ORIGIN + presigned.target.replaceAll('X-Amz-Signature=', 'signature=') })
    expect(await codeOf(scheme, { ...own, target: presigned.target })).toBe('duplicate-header')
    expect(await codeOf(scheme, { ...presigned, headers: [...presigned.headers, ['authorization', 'Bearer x']] })).toBe('duplicate-header')
  })

  it('is not signed', () => {
    for (const name of ['X-Amz-Signature', 'X%2DAmz-Signature'])
      expect(() => sent(inHeader, { url: `${ORIGIN}/x?${name}=1` })).toThrow(/leave it out/)
  })
})

describe('a field that holds one value', () => {
  it.each([
    httpMessageSignatures({ components: ['@method', '@target-uri', 'content-digest', 'content-type'] }),
    draftSignatures({ headers: ['(request-target)', 'host', 'date', 'digest', 'content-type'] }),
    sigV4(place),
  ])('is refused in two lines: $name', async scheme => {
    const call = sent(scheme, { headers: { 'content-type': 'text/plain, text/html' } })
    const lines = call.headers.flatMap(([name, value]) =>
      name === 'content-type' ? value.split(', ').map(one => [name, one] as const) : [[name, value] as const],
    )
    expect(await codeOf(scheme, { ...call, headers: lines })).toBe('duplicate-header')
  })

  it('is given to a signer once', () => {
    expect(() => sent(sigV4(place), { headers: { 'X-A': '1', 'x-a': '2' } })).toThrow(/given twice/)
  })
})

describe('a digest of RFC 9421', () => {
  it.each(['"content-digest";bs', '"content-digest";key="sha-256"'])('is one as %s', async component => {
    const scheme = httpMessageSignatures({ components: ['@method', '@target-uri', component] })
    const call = sent(scheme)
    expect(await codeOf(scheme, call)).toBe('ok')
    expect(await codeOf(scheme, { ...call, body: Buffer.from('other') })).toBe('digest-mismatch')
    expect(await codeOf(httpMessageSignatures(), call)).toBe('ok')
  })

  it('proves nothing with an algorithm that is unknown', async () => {
    const scheme = httpMessageSignatures()
    expect(
      await codeOf(
        scheme,
        rewritten(sent(scheme), 'content-digest', () => 'md5=:CY9rzUYh03PK3k6DJie09g==:'),
      ),
    ).toBe('digest-mismatch')
  })
})

describe('a malformed member beside a good one', () => {
  it.each([
    ['other=1', 'other=:AA==:'],
    ['other=("@method");created="soon"', 'other=:AA==:'],
    ['other=("@method")', 'other=1'],
    ['other=("@method")', 'more=:AA==:'],
    ['other=("@status")', 'other=:AA==:'],
  ])('does not hinder RFC 9421: %s and %s', async (input, signature) => {
    const scheme = httpMessageSignatures()
    const call = sent(scheme)
    const more = rewritten(
      rewritten(call, 'signature-input', value => `${input}, ${value}`),
      'signature',
      value => `${signature}, ${value}`,
    )
    expect(await codeOf(scheme, more)).toBe('ok')
  })
})

describe('escapes', () => {
  it.each(['/orders?a=%FF', '/orders?a=%', '/orders?%zz=1'])('that stand for nothing have no message in SigV4: %s', async target => {
    expect(() => sent(sigV4(place), { url: ORIGIN + target })).toThrow(/no UTF-8/)
    expect(await codeOf(sigV4(place), { ...sent(sigV4(place)), target })).toBe('malformed-target')
  })

  it('are written as they are signed', async () => {
    const call = sent(sigV4(place), { url: `${ORIGIN}/a%2fb?x=%7e&y&z=a+b` })
    expect(call.target).toBe('/a%2fb?x=~&y=&z=a%2Bb')
    expect(await codeOf(sigV4(place), call)).toBe('ok')
    const s3 = sigV4({ service: 's3', region: 'us-east-1' })
    expect(sent(s3, { url: `${ORIGIN}/a%2fb(c)%7e` }).target).toBe('/a%2Fb%28c%29~')
  })

  it('have one spelling in a path of S3, also where the verifier names no service', async () => {
    const call = sent(sigV4({ service: 's3', region: 'us-east-1' }), { url: `${ORIGIN}/abc` })
    for (const scheme of [sigV4(), sigV4({ service: 's3' })]) {
      expect(await codeOf(scheme, call)).toBe('ok')
      expect(await codeOf(scheme, { ...call, target: '/%61bc' })).toBe('ambiguous-request')
    }
  })

  it('a plus is a space where both sides say so', async () => {
    const spaces = sigV4({ ...place, plus: 'space' })
    const call = sent(spaces, { url: `${ORIGIN}/?q=a+b` })
    expect(call.target).toBe('/?q=a%20b')
    expect([await codeOf(spaces, call), await codeOf(sigV4(place), call)]).toEqual(['ok', 'ok'])
  })
})

describe('a long run of white space', () => {
  it.each([httpMessageSignatures(), draftSignatures(), sigV4(place)])('costs no more than its length: $name', async scheme => {
    const call = sent(scheme)
    // With the square of this nobody would wait for the end.
    const blank = ' '.repeat(1_000_000)
    for (const [name] of call.headers) {
      await codeOf(
        scheme,
        rewritten(call, name, value => `${value}${blank}é `),
      )
      await codeOf(
        scheme,
        rewritten(call, name, value => value.replace(/[ =]/, `$&${blank}`)),
      )
      await codeOf(
        scheme,
        rewritten(call, name, () => `${blank}\n${blank}x${blank}x `),
      )
    }
  })
})

describe('what no header could carry', () => {
  it.each<[string, () => unknown]>([
    ['a key id with a quotation mark', () => createSigner(draftSignatures(), { keyId: 'a"b', secret })],
    ['a session token with a line break', () => createSigner(sigV4(place), { keyId: 'k', secret, sessionToken: 'a\nb' })],
    ['a region with a slash', () => sent(sigV4({ ...place, region: 'eu/west' }))],
    ['an empty nonce', () => sent(httpMessageSignatures(), { nonce: '' })],
    [
      'a date that is not one',
      () => sent(httpMessageSignatures({ components: ['@method', '@path', '@query', 'date'] }), { headers: { date: 'now' } }),
    ],
    ['a status', () => httpMessageSignatures({ components: ['@status'] })],
    ['nothing but a digest', () => draftSignatures({ headers: ['digest'] })],
  ])('%s is refused where it is given', (_, make) => {
    expect(make).toThrow()
  })
})

describe('what a signer makes its verifier accepts', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab01-._~!$()*,;:@/ +ü€&=%'), maxLength: 8 })
  const requests = fc.record({
    method: fc.constantFrom('POST', 'PUT', 'DELETE', 'GET'),
    segments: fc.array(
      text.filter(part => !/^\.{0,2}$/.test(part)),
      { maxLength: 3 },
    ),
    query: fc.dictionary(text, text, { maxKeys: 3 }),
    header: fc.string({ unit: fc.constantFrom(...'ab1 \t"=;,()\u00a0é'), maxLength: 8 }),
    body: fc.option(fc.oneof(text, fc.uint8Array({ maxLength: 20 }), fc.dictionary(text, text))),
  })

  it.each([
    httpMessageSignatures(),
    httpMessageSignatures({ name: 'more', components: ['@method', '@authority', '@path', '@query', 'content-digest', '"x-a";bs', 'x-a'] }),
    draftSignatures({ headers: ['(request-target)', 'host', 'date', 'digest', 'x-a'] }),
    sigV4(place),
    sigV4({ ...place, in: 'query' }),
    sigV4({ service: 's3', region: 'us-east-1' }),
    sigV4({ ...place, plus: 'space' }),
  ])('$name', async scheme => {
    await fc.assert(
      fc.asyncProperty(requests, async ({ method, segments, query, header, body }) => {
        const search = Object.entries(query).map(pair => pair.map(encodeURIComponent).join('='))
        const url = `${ORIGIN}/${segments.map(encodeURIComponent).join('/')}${search.length === 0 ? '' : `?${search.join('&')}`}`
        const call = sent(scheme, { method, url, headers: { 'x-a': header }, body: method === 'GET' ? undefined : body })
        expect(await codeOf(scheme, call)).toBe('ok')
      }),
      { seed: 14, numRuns: tries(400) },
    )
  })
})
