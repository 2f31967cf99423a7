import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Failure } from '../../contract/failure.ts'
import { memoryKeys } from '../../keys/key.ts'
import { createVerifier, type IncomingRequest, type VerifierOptions, type VerifyOptions } from '../../verify/verify.ts'
import { MAX_COVERED } from '../covered-limits.ts'
import { type HttpMessageSignaturesOptions, httpMessageSignatures, type SignatureParameters, signMessage } from './index.ts'

const NOW = 1_764_000_000_000
const SECONDS = NOW / 1000
const ORIGIN = 'https://a.example'
const secret = Buffer.alloc(40, 5)
const DATE = new Date(NOW).toUTCString()
const OLD_DATE = new Date(NOW - 3_600_000).toUTCString()
const BODY = Buffer.from('{"a":1}')
const sha256 = createHash('sha256').update(BODY).digest('base64')
const sha512 = createHash('sha512').update(BODY).digest('base64')

type Headers = readonly (readonly [name: string, value: string])[]
type Call = IncomingRequest & { readonly headers: Headers }

interface Signed {
  readonly components?: readonly string[]
  readonly parameters?: SignatureParameters
  readonly headers?: Headers
  readonly method?: string
  readonly target?: string
  readonly body?: Buffer | undefined
  readonly label?: string
  readonly secret?: Buffer
}

const BARE = ['@method', '@target-uri']
const NAMED = { created: SECONDS, keyid: 'k', nonce: 'n' }

/** A call with any list and any parameters, signed by the functions for messages and not by the scheme's signer. */
async function signed(of: Signed = {}): Promise<Call> {
  const { components = BARE, parameters = NAMED, headers = [], method = 'GET', target = '/x', body, label = 'sig' } = of
  const fields = await signMessage(
    { method, target, origin: ORIGIN, headers },
    { label, components, parameters, key: { algorithm: 'hmac-sha256', secret: of.secret ?? secret } },
  )
  const own: Headers = [
    ['host', 'a.example'],
    ['signature-input', fields['signature-input']],
    ['signature', fields.signature],
  ]
  return { method, target, headers: [...headers, ...own], body }
}

function verifierOf(options: HttpMessageSignaturesOptions = {}, more: Partial<VerifierOptions> = {}) {
  const scheme = httpMessageSignatures(options)
  const { verify, ...rest } = createVerifier(scheme, {
    origin: ORIGIN,
    keys: memoryKeys(scheme, [{ id: 'k', secret }]),
    clock: () => NOW,
    ...more,
  })
  const judge = async (call: IncomingRequest, asked?: VerifyOptions): Promise<Failure | 'ok'> => {
    const result = await verify(call, asked)
    return result.ok ? 'ok' : result.failure
  }
  return { ...rest, verify, judge }
}

const isCode = (code: string, more: object = {}) => (code === 'ok' ? 'ok' : expect.objectContaining({ code, ...more }))
const rewritten = (call: Call, name: string, rewrite: (value: string) => string): Call => ({
  ...call,
  headers: call.headers.map(([own, value]) => [own, own === name ? rewrite(value) : value]),
})
const without = (call: Call, ...names: readonly string[]): Call => ({
  ...call,
  headers: call.headers.filter(([name]) => !names.includes(name)),
})
const lineOf = (call: Call, name: string): string => call.headers.find(([own]) => own === name)?.[1] ?? ''

describe('the two fields of a signature', () => {
  it.each([
    [['signature-input'], 'signature-input'],
    [['signature'], 'signature'],
    [['signature', 'signature-input'], 'signature-input'],
  ])('are both there: without %j it is told that %s is missing', async (names, header) => {
    const call = without(await signed(), ...names)
    const { judge, presents } = verifierOf()
    expect(await judge(call)).toEqual({ code: 'missing-header', header })
    expect(presents(call)).toBe(false)
    expect(presents(await signed())).toBe(true)
  })

  it.each([
    ['signature-input', '='],
    ['signature-input', 'sig=("@method" "@target-uri" "@status");created=1;keyid="k";nonce="n"'],
    ['signature-input', 'sig=("@method" "@target-uri" "x-a";tr);created=1;keyid="k";nonce="n"'],
    ['signature-input', 'sig=("@method" "@target-uri" "x-a";req);created=1;keyid="k";nonce="n"'],
    ['signature-input', 'sig=("@method" "@target-uri");created=1;keyid="k";nonce=n'],
    ['signature-input', 'sig=("@method" "@target-uri");created=1;created=2;keyid="k";nonce=1'],
    ['signature', '='],
    ['signature', 'sig=:A:'],
  ])('are refused where one is malformed, or covers what no request has: %s: %s', async (name, value) => {
    expect(await verifierOf().judge(rewritten(await signed(), name, () => value))).toEqual({
      code: 'malformed-header',
      header: 'signature-input',
    })
  })

  it('have at most 16,384 characters each, in all their lines', async () => {
    const { judge } = verifierOf()
    const call = await signed()
    const filled = (name: string, length: number, isSplit: boolean): Call => {
      const value = lineOf(call, name)
      const filler = name === 'signature' ? `, b=:${'A'.repeat(5000)}:` : `, b="${'a'.repeat(5000)}"`
      const start = value + filler + filler
      // The same number of characters in one line, and in two without the comma and the space between them.
      const end = (rest: number): string => (name === 'signature' ? `c="${'A'.repeat(rest - 4)}"` : `c="${'a'.repeat(rest - 4)}"`)
      const lines = isSplit ? [start, end(length - start.length)] : [`${start}, ${end(length - start.length - 2)}`]
      return { ...call, headers: [...without(call, name).headers, ...lines.map(line => [name, line] as const)] }
    }
    for (const header of ['signature-input', 'signature'])
      for (const isSplit of [true, false]) {
        expect(await verifierOf().judge(filled(header, 16_384, isSplit))).toBe('ok')
        expect(await judge(filled(header, 16_385, isSplit))).toEqual({ code: 'malformed-header', header })
      }
  })

  it('are read from all their lines, of which the last says what a label means', async () => {
    const good = await signed()
    const bad = await signed({ secret: Buffer.alloc(40, 6), parameters: { ...NAMED, nonce: 'bad' } })
    const lines = (inputs: readonly Call[], signatures: readonly Call[]): Call => ({
      ...without(good, 'signature', 'signature-input'),
      headers: [
        ['host', 'a.example'],
        ...inputs.map(call => ['signature-input', lineOf(call, 'signature-input')] as const),
        ...signatures.map(call => ['signature', lineOf(call, 'signature')] as const),
      ],
    })
    const codes = async (one: Call): Promise<Failure | 'ok'> => verifierOf().judge(one)
    expect(await codes(lines([bad, good], [bad, good]))).toBe('ok')
    expect(await codes(lines([bad, good], [good]))).toBe('ok')
    expect(await codes(lines([good], [bad, good]))).toBe('ok')
    expect(await codes(lines([good], [good, bad]))).toEqual(isCode('bad-signature'))
    expect(await codes(lines([good, bad], [good]))).toEqual(isCode('bad-signature'))
  })

  it('come with one Host', async () => {
    const call = await signed()
    expect(await verifierOf().judge({ ...call, headers: [...call.headers, ['Host', 'b.example']] })).toEqual({
      code: 'duplicate-header',
      header: 'host',
    })
  })
})

describe('the parameters of a signature', () => {
  it.each<[string, SignatureParameters, string, object]>([
    ['all that are demanded', NAMED, 'ok', {}],
    ['no time', { keyid: 'k', nonce: 'n' }, 'insufficient-coverage', { missing: [';created'] }],
    ['neither time nor nonce', { keyid: 'k' }, 'insufficient-coverage', { missing: [';created', ';nonce'] }],
    ['no key id, which the verifier may name', { created: SECONDS, nonce: 'n' }, 'missing-header', { header: 'a key id' }],
    ['an empty key id', { ...NAMED, keyid: '' }, 'malformed-header', {}],
    ['an empty nonce', { ...NAMED, nonce: '' }, 'malformed-header', {}],
    ['both empty', { ...NAMED, keyid: '', nonce: '' }, 'malformed-header', {}],
    ['a nonce of 256 characters', { ...NAMED, nonce: 'n'.repeat(256) }, 'ok', {}],
    ['a nonce of 257 characters', { ...NAMED, nonce: 'n'.repeat(257) }, 'malformed-header', {}],
    ['the algorithm of the key', { ...NAMED, alg: 'hmac-sha256' }, 'ok', {}],
    ['another algorithm than that of the key', { ...NAMED, alg: 'hmac-sha512' }, 'bad-signature', {}],
    ['an algorithm that nobody knows', { ...NAMED, alg: 'none' }, 'bad-signature', {}],
    ['an end that is over', { ...NAMED, expires: SECONDS }, 'timestamp-out-of-window', {}],
    ['an end to come', { ...NAMED, expires: SECONDS + 1 }, 'ok', {}],
  ])('%s', async (_, parameters, code, more) => {
    expect(await verifierOf().judge(await signed({ parameters }))).toEqual(isCode(code, more))
  })

  it('are told beside the components that are missing', async () => {
    const call = await signed({ components: ['@method'], parameters: { keyid: 'k', nonce: 'n' } })
    expect(await verifierOf().judge(call)).toEqual({ code: 'insufficient-coverage', missing: ['"@target-uri"', ';created'] })
  })

  it('name a key, or name none where the verifier does, but are never empty', async () => {
    const { judge } = verifierOf({}, { keyId: 'k' })
    expect(await judge(await signed({ parameters: { created: SECONDS, nonce: 'n' } }))).toBe('ok')
    expect(await judge(await signed({ parameters: { ...NAMED, keyid: '' } }))).toEqual(isCode('malformed-header'))
  })
})

describe('the time of a signature', () => {
  const far = SECONDS + 3600
  const only = (parameters: HttpMessageSignaturesOptions['parameters'], ...covered: readonly string[]): HttpMessageSignaturesOptions => ({
    components: [...BARE, ...covered],
    parameters,
  })
  it.each<[string, HttpMessageSignaturesOptions, SignatureParameters, Headers, string]>([
    ['only an end', only(['keyid', 'expires']), { keyid: 'k', expires: SECONDS + 60 }, [], 'ok'],
    ['only an end, too far ahead', only(['keyid', 'expires']), { keyid: 'k', expires: far }, [], 'timestamp-out-of-window'],
    ['no time', only(['keyid']), { keyid: 'k' }, [], 'ok'],
    ['a date', only(['keyid'], 'date'), { keyid: 'k' }, [['date', DATE]], 'ok'],
    ['an old date', only(['keyid'], 'date'), { keyid: 'k' }, [['date', OLD_DATE]], 'timestamp-out-of-window'],
    ['a date that is none', only(['keyid'], 'date'), { keyid: 'k' }, [['date', 'now']], 'malformed-timestamp'],
    ['an old x-date', only(['keyid'], 'x-date'), { keyid: 'k' }, [['x-date', OLD_DATE]], 'timestamp-out-of-window'],
    ['an x-date that is none', only(['keyid'], 'x-date'), { keyid: 'k' }, [['x-date', 'soon']], 'ok'],
    [
      'an x-date that is none, and an end that is over',
      only(['keyid'], 'x-date'),
      { keyid: 'k', expires: SECONDS },
      [['x-date', 'soon']],
      'timestamp-out-of-window',
    ],
    [
      'an x-date that is none, and an end too far ahead',
      only(['keyid'], 'x-date'),
      { keyid: 'k', expires: far },
      [['x-date', 'soon']],
      'timestamp-out-of-window',
    ],
    [
      'a date, and an old time of its own',
      only(['keyid'], 'date'),
      { keyid: 'k', created: SECONDS - 3600 },
      [['date', DATE]],
      'timestamp-out-of-window',
    ],
    [
      'a date, and a time of its own too far ahead',
      only(['keyid'], 'date'),
      { keyid: 'k', created: far },
      [['date', DATE]],
      'timestamp-out-of-window',
    ],
    ['a time, and a date that is old and not signed', only(['keyid', 'created']), NAMED, [['date', OLD_DATE]], 'ok'],
    ['a time, and an x-date that is old and not signed', only(['keyid', 'created']), NAMED, [['x-date', OLD_DATE]], 'ok'],
    [
      'a date that is signed, and an old x-date that is not',
      only(['keyid'], 'date'),
      { keyid: 'k' },
      [
        ['date', DATE],
        ['x-date', OLD_DATE],
      ],
      'ok',
    ],
    [
      'an x-date that is signed, and an old date that is not',
      only(['keyid'], 'x-date'),
      { keyid: 'k' },
      [
        ['date', OLD_DATE],
        ['x-date', DATE],
      ],
      'ok',
    ],
  ])('%s', async (_, options, parameters, headers, code) => {
    const call = await signed({ components: options.components ?? [], parameters, headers })
    expect(await verifierOf(options).judge(call)).toEqual(isCode(code))
  })

  it.each<[string, HttpMessageSignaturesOptions, Signed, string]>([
    ['a GET with a time reads the same again', only(['keyid', 'created']), { parameters: { keyid: 'k', created: SECONDS } }, 'ok'],
    [
      'a GET with a date reads the same again',
      only(['keyid'], 'date'),
      { parameters: { keyid: 'k' }, headers: [['date', DATE]], components: [...BARE, 'date'] },
      'ok',
    ],
    [
      'a POST with a time is a replay',
      only(['keyid', 'created']),
      { method: 'POST', parameters: { keyid: 'k', created: SECONDS } },
      'replayed',
    ],
    ['a POST without a time may be another one', only(['keyid']), { method: 'POST', parameters: { keyid: 'k' } }, 'ok'],
    [
      'a POST with an x-date that is none may be another one',
      only(['keyid'], 'x-date'),
      { method: 'POST', parameters: { keyid: 'k' }, headers: [['x-date', 'soon']], components: [...BARE, 'x-date'] },
      'ok',
    ],
    ['a GET with a nonce is a replay', {}, {}, 'replayed'],
  ])('%s', async (_, options, of, code) => {
    const { judge } = verifierOf(options)
    const call = await signed(of)
    expect(await judge(call)).toBe('ok')
    expect(await judge(call)).toEqual(isCode(code))
  })
})

describe('what a signature covers', () => {
  const one = (parameters: HttpMessageSignaturesOptions['parameters'] = ['keyid', 'created']) =>
    verifierOf({ components: BARE, parameters })

  it('is read anew for each list, of whatever length', async () => {
    const { judge } = one()
    for (const name of ['x-a', 'x-b', 'x-c'])
      expect(
        await judge(await signed({ components: [...BARE, name], headers: [[name, name]], parameters: { ...NAMED, nonce: name } })),
      ).toBe('ok')
  })

  it('may come in several lines, but not where a field holds one value', async () => {
    const twice = (name: string): Promise<Call> =>
      signed({
        components: [...BARE, name],
        headers: [
          [name, 'a'],
          [name, 'b'],
        ],
      })
    expect(await one().judge(await twice('x-a'))).toBe('ok')
    expect(await one().judge(await twice('content-type'))).toEqual({ code: 'duplicate-header', header: 'content-type' })
  })

  it.each([
    ['"x-a";bs', ''],
    ['"x-a";sf', ''],
    ['"x-a";key="b"', ''],
    ['"x-b";sf', '='],
    ['"@query-param";name="b"', ''],
  ])('is there: %s without such a value is missing, and not empty', async (component, empty) => {
    const input = `("@method" "@target-uri" ${component});created=${SECONDS};keyid="k";nonce="n"`
    const base = `"@method": GET\n"@target-uri": ${ORIGIN}/x\n${component}: \n"@signature-params": ${input}`
    const signature = createHmac('sha256', secret).update(base).digest('base64')
    const headers: Headers = [
      ['host', 'a.example'],
      ['signature-input', `sig=${input}`],
      ['signature', `sig=:${signature}:`],
      ['x-b', empty],
    ]
    expect(await one().judge({ method: 'GET', target: '/x', headers, body: undefined })).toEqual(isCode('missing-header'))
  })

  it.each([
    ['"x-a";bs', ['1, 2', '3'], ':MSwgMg==:, :Mw==:'],
    ['"x-a";sf', ['A,  "b"'], 'A, "b"'],
    ['"x-a";sf', ['a=1,   b=(1  2)'], 'a=1, b=(1 2)'],
    ['"x-a";key="b"', ['a=1, b=(1  2)'], '(1 2)'],
    ['"@query-param";name="c"', [], 'd%20e'],
    ['@scheme', [], 'https'],
    ['@request-target', [], '/x?c=d%20e'],
    ['@query', [], '?c=d%20e'],
    ['@path', [], '/x'],
    ['@authority', [], 'a.example'],
    ['"host";bs', [], `:${Buffer.from('a.example').toString('base64')}:`],
  ])('is signed as RFC 9421 writes it: %s of %j', async (component, values, written) => {
    const identifier = component.startsWith('"') ? component : `"${component}"`
    const input = `("@method" "@target-uri" ${identifier});created=${SECONDS};keyid="k";nonce="n"`
    const base = `"@method": GET\n"@target-uri": ${ORIGIN}/x?c=d%20e\n${identifier}: ${written}\n"@signature-params": ${input}`
    const signature = createHmac('sha256', secret).update(base).digest('base64')
    // The host is the verifier's own, whatever the header says.
    const headers: Headers = [
      ['host', component === '"host";bs' ? 'other.example' : 'a.example'],
      ['signature-input', `sig=${input}`],
      ['signature', `sig=:${signature}:`],
      ...values.map(value => ['x-a', value] as const),
    ]
    expect(await one().judge({ method: 'GET', target: '/x?c=d%20e', headers, body: undefined })).toBe('ok')
  })
})

describe('the body of a call', () => {
  const WITH_DIGEST = [...BARE, 'content-digest']
  const posted = (digest: string, components = WITH_DIGEST): Promise<Call> =>
    signed({ components, headers: [['content-digest', digest]], method: 'POST', body: BODY })

  it.each([
    [`sha-256=:${sha256}:`, 'ok'],
    [`sha-512=:${sha512}:`, 'ok'],
    [`sha-256=:${sha256}:, sha-512=:${sha512}:`, 'ok'],
    [`md5=:AAAA:, sha-256=:${sha256}:`, 'ok'],
    [`md5=(1 2), sha-256=:${sha256}:`, 'ok'],
    [`sha-256=:${sha512}:`, 'digest-mismatch'],
    [`sha-256=:${sha256}:, sha-512=:${sha256}:`, 'digest-mismatch'],
    [`sha-512=:${sha512}:, sha-256=:${sha512}:`, 'digest-mismatch'],
    [`sha-256=:${sha256}:, sha-512=token`, 'digest-mismatch'],
    [`sha-256=:${sha256}:, sha-512=(:${sha512}:)`, 'digest-mismatch'],
    [`sha-256="${sha256}"`, 'digest-mismatch'],
    ['sha-256=:A:', 'digest-mismatch'],
    ['md5=:AAAA:', 'digest-mismatch'],
    ['=', 'digest-mismatch'],
  ])('has every digest that is stated and known: %s', async (digest, code) => {
    const call = await posted(digest)
    expect(await verifierOf().judge(call)).toEqual(isCode(code))
    // Left unread, it is told of by its only digest; else it is read.
    const deferred = await verifierOf().verify(call, { deferBody: true })
    const only = /^(?:md5=[^,]*, )?sha-(256|512)=:([^:]*):$/.exec(digest)
    if (code === 'ok' && only !== null)
      expect(deferred).toMatchObject({ ok: true, bodyDigest: { algorithm: `sha${only[1]}`, encoding: 'base64', text: only[2] } })
    else if (code === 'ok') expect(deferred).toMatchObject({ ok: true, body: BODY })
    else if (digest !== `sha-256=:${sha512}:`) expect(deferred).toMatchObject({ ok: false, failure: { code } })
  })

  it('is read where its digest is stated and not signed', async () => {
    const call = await posted(`sha-256=:${sha256}:`, BARE)
    const { verify } = verifierOf({ components: BARE }, { only: { body: 'any' } })
    expect(await verify(call, { deferBody: true })).toMatchObject({ ok: true, body: BODY })
  })

  it('is covered where the scheme says so, also by a verifier that takes any body', async () => {
    const call = await signed({ method: 'POST', body: BODY })
    const only = { body: 'any' } as const
    expect(await verifierOf({}, { only }).judge(call)).toEqual({ code: 'insufficient-coverage', missing: ['"content-digest"'] })
    expect(await verifierOf({}, { only }).judge({ ...call, body: undefined })).toBe('ok')
    expect(await verifierOf({ components: BARE }, { only }).judge(call)).toBe('ok')
  })

  it('is not covered by another part that has the name of a digest', async () => {
    const component = '"x-a";key="content-digest"'
    const call = await signed({
      components: [...BARE, component],
      headers: [['x-a', 'content-digest=1']],
      method: 'POST',
      body: BODY,
    })
    for (const components of [BARE, [...BARE, component]])
      expect(await verifierOf({ components }).judge(call)).toEqual({ code: 'insufficient-coverage', missing: ['the body'] })
  })

  it('may be dropped by its reader, which is told what to hash', async () => {
    const { bodyUseOf } = verifierOf()
    const use = bodyUseOf(await posted(`sha-256=:${sha256}:, sha-512=:${sha512}:`))
    expect(use?.digests).toEqual(['sha256', 'sha512'])
    expect(await use?.isWanted()).toBe(true)
    const stranger = await signed({ parameters: { ...NAMED, keyid: 'other' }, method: 'POST' })
    expect(await bodyUseOf(stranger)?.isWanted()).toBe(false)
    expect(bodyUseOf(await posted('md5=:AAAA:'))?.digests).toEqual([])
  })
})

describe('several signatures', () => {
  const joined = (...calls: readonly Call[]): Call => {
    const [first] = calls
    if (first === undefined) throw new Error('no call')
    const all = (name: string): string => calls.map(call => lineOf(call, name)).join(', ')
    return rewritten(
      rewritten(first, 'signature', () => all('signature')),
      'signature-input',
      () => all('signature-input'),
    )
  }
  const tagged = (label: string, tag: string, more: Signed = {}): Promise<Call> =>
    signed({ ...more, label, parameters: { ...NAMED, nonce: label, tag } })

  it('are told apart by label and tag: only what is asked for is taken', async () => {
    const { judge } = verifierOf({ label: 'a', tag: 'app' })
    expect(await judge(await tagged('a', 'app'))).toBe('ok')
    expect(await judge(await tagged('b', 'app'))).toEqual({ code: 'malformed-header', header: 'signature-input' })
    expect(await judge(await tagged('a', 'other'))).toEqual({ code: 'malformed-header', header: 'signature-input' })
    expect(await judge(await signed({ label: 'a' }))).toEqual({ code: 'malformed-header', header: 'signature-input' })
    expect(await verifierOf({ tag: 'app' }).judge(await tagged('b', 'app'))).toBe('ok')
    expect(await verifierOf({ tag: 'app' }).judge(await tagged('b', 'other'))).toEqual(isCode('malformed-header'))
  })

  it('are told of by the first that is wrong', async () => {
    const calls = [
      await signed({ label: 'a', components: ['@method'] }),
      await signed({ label: 'b', components: ['@target-uri'] }),
      await signed({ label: 'c', parameters: { ...NAMED, nonce: '' } }),
    ]
    expect(await verifierOf().judge(joined(...calls))).toEqual({ code: 'insufficient-coverage', missing: ['"@target-uri"'] })
  })

  it('cover at most 64 components together, not counting those of another tag', async () => {
    const names = Array.from({ length: MAX_COVERED - 4 }, (_, index) => `x-${index}`)
    const headers = [...names, 'x-more'].map((name): [string, string] => [name, '1'])
    const more = (label: string, tag: string, covered: readonly string[]) =>
      tagged(label, tag, { headers, components: [...BARE, ...covered] })
    const small = await more('a', 'app', [])
    const judge = (call: Call) => verifierOf({ label: 'a', tag: 'app' }).judge(call)
    expect(await judge(joined(small, await more('b', 'app', names)))).toBe('ok')
    expect(await judge(joined(small, await more('b', 'app', [...names, 'x-more'])))).toEqual(isCode('malformed-header'))
    expect(await judge(joined(small, await more('b', 'other', [...names, 'x-more'])))).toBe('ok')
  })

  it('are not taken by another label, but remembered: whoever saw the call could change the label', async () => {
    const good = await signed({ label: 'b', parameters: { ...NAMED, nonce: 'b' } })
    const wrong = await signed({ label: 'a', secret: Buffer.alloc(40, 6), parameters: { ...NAMED, nonce: 'wrong' } })
    expect(await verifierOf({ label: 'a' }).judge(joined(wrong, good))).toEqual(isCode('bad-signature'))
    const { judge } = verifierOf({ label: 'a' })
    expect(await judge(joined(await signed({ label: 'a' }), good))).toBe('ok')
    const renamed = rewritten(good, 'signature', value => value.replace('b=', 'a='))
    expect(await judge(rewritten(renamed, 'signature-input', value => value.replace('b=', 'a=')))).toEqual(isCode('replayed'))
  })

  it('are at most eight', async () => {
    const calls = await Promise.all([...'abcdefghi'].map(label => signed({ label, parameters: { ...NAMED, nonce: label } })))
    expect(await verifierOf().judge(joined(...calls.slice(1)))).toBe('ok')
    expect(await verifierOf().judge(joined(...calls))).toEqual(isCode('malformed-header'))
  })

  it('may have a tag that nobody asks for', async () => {
    const call = await tagged('a', 'app')
    expect(await verifierOf().judge(call)).toBe('ok')
    const other = await signed({ label: 'b', secret: Buffer.alloc(40, 6), parameters: { ...NAMED, nonce: 'b' } })
    expect(await verifierOf().judge(joined(other, call))).toBe('ok')
  })
})
