import { describe, expect, it } from 'vitest'
import { type HttpMessage, type Lines, readComponent } from './components.ts'
import {
  acceptSignature,
  parseComponents,
  readAcceptSignature,
  readSignatures,
  signMessage,
  verifySignature,
} from './message-signatures.ts'

const request: HttpMessage = {
  method: 'POST',
  origin: 'https://www.example.com',
  target: '/path?param=value&foo=bar&baz=batman&qux=',
  headers: [
    ['Host', 'www.example.com'],
    ['Date', 'Tue, 20 Apr 2021 02:07:56 GMT'],
    ['X-OWS-Header', '  Leading and trailing whitespace.   '],
    ['X-Obs-Fold-Header', 'Obsolete\r\n    line folding.'],
    ['Cache-Control', 'max-age=60'],
    ['Cache-Control', '    must-revalidate'],
    ['Example-Dict', '  a=1,    b=2;x=1;y=2,   c=(a   b   c)'],
    ['X-Empty-Header', ''],
    ['Example-Header', 'value, with, lots'],
    ['Example-Header', 'of, commas'],
    ['Keyed', ' a=1, b=2;x=1;y=2, c=(a   b    c), d'],
  ],
  trailers: [['Expires', 'Wed, 9 Nov 2022 07:28:00 GMT']],
}

/** What a component, written as in a signature base, stands for. */
function valueIn(identifier: string, message: HttpMessage = request): string | undefined {
  return parseComponents([identifier])[0]?.value(message)
}

// The examples of RFC 9421, §2.1 and §2.2.
describe('components', () => {
  it.each([
    ['host', 'www.example.com'],
    ['x-ows-header', 'Leading and trailing whitespace.'],
    ['x-obs-fold-header', 'Obsolete line folding.'],
    ['cache-control', 'max-age=60, must-revalidate'],
    ['example-dict', 'a=1,    b=2;x=1;y=2,   c=(a   b   c)'],
    ['x-empty-header', ''],
    ['"example-dict";sf', 'a=1, b=2;x=1;y=2, c=(a b c)'],
    ['"keyed";key="a"', '1'],
    ['"keyed";key="d"', '?1'],
    ['"keyed";key="b"', '2;x=1;y=2'],
    ['"keyed";key="c"', '(a b c)'],
    ['"example-header";bs', ':dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:'],
    ['"expires";tr', 'Wed, 9 Nov 2022 07:28:00 GMT'],
    ['@method', 'POST'],
    ['@target-uri', 'https://www.example.com/path?param=value&foo=bar&baz=batman&qux='],
    ['@authority', 'www.example.com'],
    ['@scheme', 'https'],
    ['@request-target', '/path?param=value&foo=bar&baz=batman&qux='],
    ['@path', '/path'],
    ['@query', '?param=value&foo=bar&baz=batman&qux='],
    ['"@query-param";name="baz"', 'batman'],
    ['"@query-param";name="qux"', ''],
    ['"@query-param";name="param"', 'value'],
  ])('%s is %s', (identifier, expected) => {
    expect(valueIn(identifier)).toBe(expected)
  })

  it('query parameters are decoded as a form and encoded again', () => {
    const target = '/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something'
    expect(valueIn('"@query-param";name="var"', { ...request, target })).toBe('this%20is%20a%20big%0Amultiline%20value')
    expect(valueIn('"@query-param";name="bar"', { ...request, target })).toBe('with%20plus%20whitespace')
    expect(valueIn('"@query-param";name="fa%C3%A7ade%22%3A%20"', { ...request, target })).toBe('something')
    expect(valueIn('"@query-param";name="a"', { ...request, target: '/?a=1&a=2' })).toBeUndefined()
    expect(valueIn('@query', { ...request, target: '/path' })).toBe('?')
  })

  // The application/x-www-form-urlencoded percent-encode set of the URL Standard, with a space as %20.
  it.each([
    ["-._*~!'()", '-._*%7E%21%27%28%29'],
    ['%2D%2E%5F%2A%7e', '-._*%7E'],
    ['%c3%a9+%2B/:@$,;', '%C3%A9%20%2B%2F%3A%40%24%2C%3B'],
    ['%252A', '%252A'],
  ])('a query parameter %s is %s, as value and as name', (written, value) => {
    expect(valueIn('"@query-param";name="a"', { ...request, target: `/?a=${written}` })).toBe(value)
    expect(valueIn(`"@query-param";name="${value}"`, { ...request, target: `/?${written}=yes` })).toBe('yes')
  })

  it('of a response take what they need from its request', () => {
    const response: HttpMessage = { status: 503, headers: [['Date', 'Tue, 20 Apr 2021 02:07:56 GMT']], request }
    expect(valueIn('@status', response)).toBe('503')
    expect(valueIn('"@method";req', response)).toBe('POST')
    expect(valueIn('"host";req', response)).toBe('www.example.com')
    expect(valueIn('"@method";req', request)).toBeUndefined()
    expect(valueIn('@status', request)).toBeUndefined()
    expect(valueIn('@method', response)).toBeUndefined()
  })

  it('that are missing from the message have no value', () => {
    for (const identifier of [
      'x-none',
      '"x-none";bs',
      '"x-none";sf',
      '"x-none";key="a"',
      '"x-ows-header";sf',
      '"keyed";key="z"',
      '"x-ows-header";key="a"',
      '"@query-param";name="none"',
    ])
      expect(valueIn(identifier), identifier).toBeUndefined()
  })

  it('of a message without a target or an origin have no value', () => {
    const derived = ['@authority', '@scheme', '@request-target', '@path', '@query', '"@query-param";name="baz"']
    const needsOrigin = new Set(['@target-uri', '@authority', '@scheme'])
    for (const identifier of ['@target-uri', ...derived]) {
      const needsTarget = identifier === '@target-uri' || !needsOrigin.has(identifier)
      expect(valueIn(identifier, { ...request, origin: undefined }) === undefined, identifier).toBe(needsOrigin.has(identifier))
      expect(valueIn(identifier, { ...request, target: undefined }) === undefined, identifier).toBe(needsTarget)
      expect(valueIn(identifier, { ...request, target: undefined, origin: undefined }), identifier).toBeUndefined()
    }
  })

  it('have no value where one of several lines has a line break in it, which could pass for another line', () => {
    const headers: Lines = [
      ['x-a', 'a=1'],
      ['x-a', 'b=2,\nc=3'],
    ]
    for (const identifier of ['x-a', '"x-a";bs', '"x-a";sf', '"x-a";key="a"'])
      expect(valueIn(identifier, { headers }), identifier).toBeUndefined()
  })

  it.each([
    ['a,  a', 'a, a'],
    ['A,  "b"', 'A, "b"'],
    ['a=1,  a=2', 'a=2'],
    ['(1  2);x', '(1 2);x'],
    ['a,  b=1', 'a, b=1'],
  ])('are written strictly, as a list where they can be one: %s', (value, written) => {
    expect(valueIn('"x-a";sf', { headers: [['x-a', value]] })).toBe(written)
  })

  it.each([
    '',
    'Host ',
    '@unknown',
    '@query-param',
    '"@method";sf',
    '"host";bs;sf',
    '"host";bs;key="a"',
    '"host";name="a"',
    '"host";unknown',
    '"host";sf="x"',
    '"@status";req',
    '"ho\\"st"',
    '"host";key',
    '"host";name',
    '"host";key=token',
    '"host";key=1',
    '"@method";key="a"',
    '"@method";name="a"',
    '"@query-param";key="a"',
    '"@query-param";name="a";key="b"',
    'a"b',
    '"a" "b"',
    '"a"), ("b"',
    '("a")',
  ])('refuse %j', identifier => {
    expect(() => parseComponents([identifier])).toThrow(expect.objectContaining({ code: 'option-invalid' }))
  })

  it('come once each', () => {
    expect(() => parseComponents(['host', 'host'])).toThrow(/each once/)
    expect(() => parseComponents(['host', 'a"b'])).toThrow(/each once/)
    expect(() => parseComponents(['"a";sf', '"a"'])).not.toThrow()
    expect(readComponent({ item: { type: 'token', value: 'host' }, parameters: [] })).toBeUndefined()
  })
})

describe('signMessage and verifySignature', () => {
  const key = { algorithm: 'hmac-sha256', secret: Buffer.alloc(32, 1) } as const

  it('sign a response over the request it answers, its signature among what is covered', async () => {
    const toAnswer: HttpMessage = { ...request, headers: [...request.headers, ['signature', 'sig1=:AAAA:']] }
    const response = { status: 200, headers: [['content-type', 'text/plain']] as Lines, request: toAnswer }
    const signed = await signMessage(response, {
      label: 'reqres',
      components: ['@status', '"@method";req', '"signature";req;key="sig1"'],
      parameters: { created: 1, keyid: 'k' },
      key,
    })
    expect(signed.base).toBe(
      '"@status": 200\n"@method";req: POST\n"signature";req;key="sig1": :AAAA:\n"@signature-params": ("@status" "@method";req "signature";req;key="sig1");created=1;keyid="k"',
    )
    const sent: HttpMessage = {
      ...response,
      headers: [...response.headers, ['Signature-Input', signed['signature-input']], ['Signature', signed.signature]],
    }
    const [found] = readSignatures(sent) ?? []
    if (found === undefined) throw new Error('no signature')
    expect(await verifySignature(sent, found, key)).toBe(true)
    expect(await verifySignature({ ...sent, request: { ...toAnswer, method: 'GET' } }, found, key)).toBe(false)
    expect(await verifySignature(sent, found, { ...key, secret: Buffer.alloc(32, 2) })).toBe(false)
  })

  it('refuse to cover what is not there, and a label that is none', () => {
    const options = { label: 'sig', components: ['x-none'], parameters: {}, key }
    expect(() => signMessage(request, options)).toThrow(/has no "x-none"/)
    expect(() => signMessage(request, { ...options, label: 'Sig' })).toThrow(/is not a label/)
  })

  it('read nothing from fields that are malformed or do not belong together', () => {
    for (const [input, signature] of [
      ['sig=("host"', 'sig=:AA==:'],
      ['sig=("host")', 'sig=token'],
      ['sig=("host")', 'other=:AA==:'],
      ['sig=token', 'sig=:AA==:'],
      ['sig=("host");created="x"', 'sig=:AA==:'],
    ] as const)
      expect(
        readSignatures({
          headers: [
            ['signature-input', input],
            ['signature', signature],
          ],
        }),
      ).toBeUndefined()
    expect(
      readSignatures({
        headers: [
          ['signature-input', 'sig=("@none")'],
          ['signature', 'sig=:AA==:'],
        ],
      }),
    ).toEqual([])
  })
})

describe('Accept-Signature', () => {
  it('says what is wanted, and is read again', () => {
    const value = acceptSignature({
      sig1: {
        components: ['@method', '@target-uri', 'cache-control'],
        parameters: { created: true, keyid: 'test-key-rsa-pss', tag: 'app-123', nonce: false },
      },
    })
    expect(value).toBe('sig1=("@method" "@target-uri" "cache-control");created;keyid="test-key-rsa-pss";tag="app-123"')
    expect(readAcceptSignature(value)?.get('sig1')).toEqual({
      components: ['"@method"', '"@target-uri"', '"cache-control"'],
      parameters: { created: true, keyid: 'test-key-rsa-pss', tag: 'app-123' },
    })
    for (const bad of ['sig1', 'sig1=("@none")', '=']) expect(readAcceptSignature(bad)).toBeUndefined()
  })
})
