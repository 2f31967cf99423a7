import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createSigner, type SignableRequest, type SignerOptions } from '../../sign/sign.ts'
import { type HttpMessageSignaturesOptions, httpMessageSignatures } from './index.ts'

const NOW = 1_764_000_000_000
const URL = 'https://a.example:8443/x?b=2&c=d+e'
const bytes = Buffer.alloc(40, 5)
const OLD_DATE = new Date(NOW - 3_600_000).toUTCString()
const BARE = ['@method', '@target-uri']
const digestOf = (body: string, algorithm = 'sha256'): string => createHash(algorithm).update(body).digest('base64')

function sign(
  options: HttpMessageSignaturesOptions,
  request: Partial<SignableRequest> = {},
  more: Pick<SignerOptions, 'clock' | 'lifetimeMs'> = {},
) {
  const scheme = httpMessageSignatures({ parameters: ['created', 'keyid'], ...options })
  const signer = createSigner(scheme, { keyId: 'k', secret: bytes.toString('base64') }, { clock: () => NOW, ...more })
  const { headers, message } = signer.sign({ method: 'POST', url: URL, ...request })
  const { 'signature-input': input, signature } = headers
  const lines = Buffer.from(message()).toString().split('\n')
  expect(lines.at(-1)).toBe(`"@signature-params": ${input.replace(/^[^=]*=/, '')}`)
  expect(signature).toContain(`=:${createHmac('sha256', bytes).update(message()).digest('base64')}:`)
  return { headers, input, lines: lines.slice(0, -1) }
}

const refusal = (code: string) => expect.objectContaining({ code })

describe('a signer signs what RFC 9421 writes', () => {
  it.each<[string, string, Partial<SignableRequest>]>([
    ['@method', 'POST', {}],
    ['@target-uri', URL, {}],
    ['@authority', 'a.example:8443', {}],
    ['@scheme', 'https', {}],
    ['@request-target', '/x?b=2&c=d+e', {}],
    ['@path', '/x', {}],
    ['@query', '?b=2&c=d+e', {}],
    ['@query', '?', { url: 'https://a.example/' }],
    ['"@query-param";name="b"', '2', {}],
    ['"@query-param";name="c"', 'd%20e', {}],
    ['host', 'a.example:8443', {}],
    ['"host";bs', `:${Buffer.from('a.example:8443').toString('base64')}:`, {}],
    ['x-a', '1,  2', { headers: { 'X-A': ' 1,  2 ' } }],
    ['"x-a";sf', 'A, "b"', { headers: { 'X-A': 'A,  "b"' } }],
    ['"x-a";key="b"', '(1 2)', { headers: { 'X-A': 'a, b=(1  2)' } }],
    ['"x-a";bs', `:${Buffer.from('1, 2').toString('base64')}:`, { headers: { 'X-A': '1, 2' } }],
    ['content-type', 'application/json', { body: { json: 1 } }],
    ['content-type', 'text/plain', { body: { json: 1 }, headers: { 'content-type': 'text/plain' } }],
    ['content-digest', `sha-256=:${digestOf('x')}:`, { body: 'x' }],
    ['"content-digest";key="sha-256"', `:${digestOf('x')}:`, { body: 'x' }],
  ])('%s is %s', (component, value, request) => {
    const identifier = component.startsWith('"') ? component : `"${component}"`
    expect(
      sign({ components: ['@method', '@authority', component].filter((one, at, all) => all.indexOf(one) === at) }, request).lines,
    ).toContain(`${identifier}: ${value}`)
  })

  it.each(['x-a', '"x-a";bs', '"x-a";sf', '"x-a";key="b"', '"@query-param";name="none"'])('%s has to be there', component => {
    expect(() => sign({ components: [...BARE, component] })).toThrow(refusal('option-invalid'))
  })

  it('its digest is the one that the scheme names', () => {
    const { headers } = sign({ digest: 'sha-512' }, { body: 'x' })
    expect(headers).toMatchObject({ 'content-digest': `sha-512=:${digestOf('x', 'sha512')}:` })
  })

  it('its digest stands in the place of one that was given, and none may be given where it writes none', () => {
    const given = { headers: { 'Content-Digest': 'sha-256=:AAAA:' } }
    const { headers, lines } = sign({}, { body: 'x', ...given })
    expect(headers).toMatchObject({ 'content-digest': `sha-256=:${digestOf('x')}:` })
    expect(lines).toContain(`"content-digest": sha-256=:${digestOf('x')}:`)
    expect(() => sign({ components: BARE }, { body: 'x', ...given })).toThrow(refusal('option-invalid'))
    expect(() => sign({}, { method: 'GET', ...given })).toThrow(refusal('option-invalid'))
  })
})

describe('a signer writes the parameters', () => {
  it('that the scheme names, and the label and tag', () => {
    const parameters = ['created', 'keyid', 'alg', 'expires'] as const
    expect(sign({ parameters, label: 'own', tag: 'app', components: BARE }, {}, { lifetimeMs: 1_500 }).input).toBe(
      'own=("@method" "@target-uri");created=1764000000;keyid="k";alg="hmac-sha256";expires=1764000002;tag="app"',
    )
    expect(sign({ parameters: ['keyid'], components: BARE }).input).toBe('sig=("@method" "@target-uri");keyid="k"')
  })

  it('without a key id where there is none', () => {
    const scheme = httpMessageSignatures({ parameters: ['created'], components: BARE })
    const signer = createSigner(scheme, { secret: bytes.toString('base64') }, { clock: () => NOW })
    expect(signer.sign({ method: 'GET', url: URL }).headers).toMatchObject({
      'signature-input': 'sig=("@method" "@target-uri");created=1764000000',
    })
  })

  it('with a nonce of its own, or the one that is given', () => {
    const nonces = [1, 2].map(() => /;nonce="(.+)"/.exec(sign({ parameters: ['nonce'], components: BARE }).input)?.[1])
    expect(new Set([...nonces, undefined]).size).toBe(3)
    const longest = `n ${'~'.repeat(254)}`
    expect(sign({ components: BARE }, { nonce: longest }).input).toContain(`;nonce="${longest}"`)
    for (const nonce of ['', 'é', 'aé', 'éa', 'a\n', 'n'.repeat(257)])
      expect(() => sign({ components: BARE }, { nonce }), nonce).toThrow(refusal('nonce-invalid'))
  })

  it('with the time of the clock, or the one that is given in seconds', () => {
    expect(sign({ components: BARE }, {}, { clock: () => NOW + 999 }).input).toContain(';created=1764000000;')
    expect(sign({ components: BARE }, { timestamp: '1763999999' }).input).toContain(';created=1763999999;')
    for (const timestamp of ['', '176400000', '17640000000', 'a1764000000', '1764000000a', '1764000000.5', '-764000000', 'in an hour'])
      expect(() => sign({ components: BARE }, { timestamp }), timestamp).toThrow(refusal('timestamp-invalid'))
    expect(() => sign({ components: BARE }, { timestamp: '1'.repeat(1000) })).toThrow(/"1{40}" is not/)
  })
})

describe('a date beside the time at which a signer signs', () => {
  it.each([
    ['date', ['date'], ['date'], true],
    ['x-date', ['x-date'], ['x-date'], true],
    ['date', [], ['date'], false],
    ['x-date', [], ['x-date'], false],
    ['x-date', ['date'], ['x-date', 'date'], false],
    ['date', ['x-date'], ['x-date', 'date'], false],
  ] as const)('is held against it where it is signed: an old %s, of which %j is signed', (old, covered, given, isRefused) => {
    const headers = Object.fromEntries(given.map(name => [name, name === old ? OLD_DATE : new Date(NOW).toUTCString()]))
    const make = () => sign({ components: [...BARE, ...covered] }, { headers })
    if (isRefused) expect(make).toThrow(refusal('timestamp-invalid'))
    else expect(make).not.toThrow()
  })
})

it('A signer covers a digest with a body only', () => {
  expect(sign({}, { method: 'GET' }).input).toBe('sig=("@method" "@target-uri");created=1764000000;keyid="k"')
  expect(sign({}, { body: 'x' }).input).toBe('sig=("@method" "@target-uri" "content-digest");created=1764000000;keyid="k"')
})
