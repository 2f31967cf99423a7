import { describe, expect, it } from 'vitest'
import type { Allowance } from '../contract/allowance.ts'
import { LOSSES, type Loss } from '../contract/loss.ts'
import { explainFailure } from '../contract/problem.ts'
import { defineScheme } from '../define/define.ts'
import { memoryKeys } from '../keys/key.ts'
import type { Call } from '../recipe/call.ts'
import { field, filter, join, type ListRecipe, type Recipe, text } from '../recipe/recipe.ts'
import type { SchemeDeclaration } from '../scheme/declaration.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { binance } from '../schemes/binance.ts'
import { bybit } from '../schemes/bybit.ts'
import { github } from '../schemes/github.ts'
import { qredoPartner } from '../schemes/qredo-partner.ts'
import { qredoV1 } from '../schemes/qredo-v1.ts'
import { stripe } from '../schemes/stripe.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import { compileGuards, NO_GUARD } from './guards.ts'

function callOf(target: string, more: Partial<Call> = {}): Call {
  return {
    timestamp: '1764000000000',
    nonce: '',
    keyId: 'k',
    passphrase: '',
    method: 'POST',
    url: `https://a.example${target}`,
    origin: 'https://a.example',
    target,
    body: undefined,
    parameters: { recvWindow: '5000' },
    header: () => undefined,
    covered: [],
    hashes: [],
    missing: undefined,
    ...more,
  }
}

function declared(message: string): Scheme {
  const declaration = { name: 'made-up', title: 'Made up', algorithm: 'hmac-sha256', message, signature: { encoding: 'hex' } }
  return defineScheme({ ...declaration, headers: { s: '{signature}' } } as SchemeDeclaration)
}

/** A scheme with logic that signs these, a line each. */
function based(...of: Recipe[]): Scheme {
  const { declaration: _, ...facts } = stripe
  const base = {
    createPlan: neverMade,
    createPreparer: neverMade,
    createSigner: neverMade,
    carries: [],
    bodyDigests: [],
    timestamp: '',
    signs: '',
    takes: { parameters: [], timestamps: [], nonce: false, sessionToken: false },
  }
  return { ...facts, name: 'based', message: join('\n', of), base }
}

function neverMade(): never {
  throw new Error('Guards are made from the recipe alone.')
}

const list = (sort: ListRecipe['sort']): Recipe => ({
  op: 'list',
  from: 'query',
  except: [],
  each: join('', [filter('percent-encode', field('name')), text('='), filter('percent-encode', field('value'))]),
  sort,
  join: '&',
})

const none: ReadonlySet<Allowance> = new Set()
const refusal = (scheme: Scheme, call: Call, allowed = none) => compileGuards(scheme, { allowed })(call)

const normalized = based(filter('normalize', field('path')))
const encodedAgain = based(filter('re-encode', field('path'), '/'))
const listed = based(list('written'))
const headed = based(field('header.x-a'))
const bytes = (...all: number[]): Partial<Call> => ({ body: Uint8Array.from(all) })

describe('a spelling that others share a signature with', () => {
  it.each<[Loss, string, Scheme, readonly Call[], readonly Call[]]>([
    ['letter-case', 'path', declared('{path|lower}\n{body}'), [callOf('/a/b?X')], [callOf('/A')]],
    ['letter-case', 'path', declared('{target|upper}\n{body}'), [callOf('/A/B?X')], [callOf('/a')]],
    [
      'letter-case',
      'header.x-a',
      declared('{header.x-a|lower}\n{target}\n{body}'),
      [callOf('/', { header: () => 'a' })],
      [callOf('/', { header: () => 'aB' })],
    ],
    [
      'letter-case',
      'body',
      declared('{target}\n{body|lower}'),
      [callOf('/'), callOf('/', { body: 'a' }), callOf('/', bytes(0x61))],
      [callOf('/', { body: 'aB' }), callOf('/', bytes(0x41))],
    ],
    [
      'dot-segments',
      'path',
      normalized,
      ['/', '/a.b/.c/..d/', '/a?/../'].map(target => callOf(target)),
      ['/.', '/a/../b', '/a/.', '/./', '/..'].map(target => callOf(target)),
    ],
    ['double-slashes', 'path', normalized, [callOf('/a/b/?//')], [callOf('//'), callOf('/a//b')]],
    [
      'escape-spelling',
      'path',
      encodedAgain,
      ['/', '/a-b_c.d~e/%2F%20%C3%A9/%2B'].map(target => callOf(target)),
      ['/%61', '/%2f', '/a+b', '/+20', '/*C3*A9', '/%ZZ', '/%', '/%FF', '/%C3', '/%2D', '/%7E', '/%5F', "/a'b", '/%ED%A0%80'].map(target =>
        callOf(target),
      ),
    ],
    [
      'escape-spelling',
      'query',
      listed,
      ['/', '/x', '/x?a=1&b=', '/x?%20=%2B&=', "/+'?a=1", '/?%C3%A9=%E2%82%AC'].map(target => callOf(target)),
      ['/?a=+', '/?a=+20', '/?a=1=3D', '/?a=%C3', '/?%61=1', '/?a=1=2', '/?a=%2f', '/?a=%FF', '/?a=b/c', "/?a='"].map(target =>
        callOf(target),
      ),
    ],
    [
      'equal-names',
      'query',
      listed,
      [callOf('/?a=1&b=1&A=1'), callOf('/?a=1&a%3D=1&%C3%A9=1')],
      [
        ...['/?a=1&a=2', '/?a=&b=&a=', '/?a=1&b=2&a=1', '/?a&a', '/?a&a=1', '/?a=1&a', '/?=1&=2', '/?%C3%A9&%C3%A9=1'],
        // What is empty altogether has the empty name, and hides nothing of what follows.
        ...['/?&=1', '/?=1&', '/?&a=1&a=2', '/?&&a&a'],
        ...['/?a+b=1&a%20b=2', '/?a%20b=1&a+b=2'],
      ].map(target => callOf(target)),
    ],
    [
      'equal-names',
      'query',
      declared('{path}\n{query|sorted}\n{body}'),
      ['/?a=1&b=2'].map(target => callOf(target)),
      ['/?a=1&%61=2'].map(target => callOf(target)),
    ],
    [
      'empty-parameters',
      'query',
      listed,
      [callOf('/'), callOf('/?=')],
      ['/?', '/?a', '/?a=1&', '/?&a=1', '/?a=1&&b=2', '/?a=1&b', '/?&'].map(target => callOf(target)),
    ],
    [
      'empty-parameters',
      'query',
      declared('{path}\n{query}\n{body}'),
      ['/', '/?a', '/?&', '/?a?'].map(target => callOf(target)),
      [callOf('/?')],
    ],
    ['line-or-list', 'header.x-a', headed, [callOf('/', { header: () => 'a' })], [callOf('/', { header: () => 'a, b' })]],
    // Of a member of a header, the whole header is looked at.
    [
      'line-or-list',
      'header.x-a;key="b"',
      based(filter('member', field('header.x-a'), 'b')),
      [callOf('/', { header: name => (name === 'x-a' ? 'b=1' : 'a, b') })],
      [callOf('/', { header: name => (name === 'x-a' ? 'a=1, b=1' : '') })],
    ],
    [
      'equal-names',
      'header.x-a;key="b"',
      based(filter('member', field('header.x-a'), 'b')),
      [callOf('/', { header: name => (name === 'x-a' ? 'b=1' : 'b, b') })],
      [callOf('/', { header: name => (name === 'x-a' ? 'b=1, b=2' : '') })],
    ],
    [
      'line-or-list',
      'header.*',
      based({
        op: 'list',
        from: 'covered',
        except: [],
        each: join('', [field('name'), text(':'), field('value'), text('\n')]),
        sort: 'none',
        join: '',
      }),
      [callOf('/', { covered: ['host', 'x-a'], header: () => 'a' })],
      [callOf('/', { covered: ['host', 'x-a'], header: name => (name === 'x-a' ? 'a,b' : 'h') })],
    ],
    [
      'escape-spelling',
      'query.id',
      based(filter('query-param', field('query'), 'id')),
      [callOf('/?id=a%20b&x=%61&y'), callOf('/?id=*%7E%2B'), callOf('/?x=%61')],
      ['/?id=a&id=%61', '/?id=a+b', '/?%69d=a', '/?id=%61', '/?id', '/?id=~', '/?id=%2A'].map(target => callOf(target)),
    ],
    [
      'not-utf-8',
      'body',
      declared('{target}\n{body|percent-encode}'),
      [
        ...[callOf('/', bytes(0x7b)), callOf('/'), callOf('/', { body: 'é' })],
        // Characters that share two of their three bytes with a byte order mark.
        ...[callOf('/', bytes(0xef, 0xbb, 0x80)), callOf('/', bytes(0xef, 0x82, 0xbf)), callOf('/', bytes(0xe2, 0xbb, 0xbf))],
        // A character that begins where the first 64 KiB end.
        callOf('/', { body: new TextEncoder().encode(`${'a'.repeat(65_535)}é`) }),
      ],
      [callOf('/', bytes(0xff)), callOf('/', bytes(0xef, 0xbb, 0xbf)), callOf('/', bytes(0x61, 0xc3))],
    ],
    [
      'which-place',
      'body',
      bybit,
      [callOf('/', { body: '{"a":1}' }), callOf('/', bytes(0x7b)), callOf('/?a=1', { method: 'GET' })],
      [callOf('/', { body: 'a=1' }), callOf('/', bytes(0x61)), callOf('/'), callOf('/', { body: '' }), callOf('/', bytes())],
    ],
  ])('is refused for %s of %s, and the one spelling is taken', (loss, part, scheme, taken, refused) => {
    const others = new Set<Allowance>(LOSSES.filter(other => other !== loss))
    for (const call of taken) expect(refusal(scheme, call), call.target).toBeUndefined()
    for (const call of refused) expect(refusal(scheme, call, others), call.target).toEqual({ code: 'ambiguous-request', loss, part })
    for (const call of refused) {
      expect(refusal(scheme, call, new Set([...others, loss])), call.target).toBeUndefined()
      if (scheme.base !== undefined) expect(refusal({ ...scheme, accepts: LOSSES }, call), call.target).toBeUndefined()
    }
  })

  it('is taken where no handler tells the difference: parameters in another order, white space around a header', () => {
    expect(refusal(listed, callOf('/?b=1&a=2'))).toBeUndefined()
    expect(refusal(headed, callOf('/', { header: () => ' a  b ' }))).toBeUndefined()
  })

  it('is refused for a key that comes twice in a dictionary, and for no other', () => {
    const scheme = based(filter('structured', field('header.x-a')))
    const lines: ReadonlySet<Allowance> = new Set(['line-or-list'])
    const outcome = (value: string) => refusal(scheme, callOf('/', { header: () => value }), lines)
    for (const value of [
      '',
      'a',
      'a=1, b=2',
      'a="x, a=1", b',
      'a=("x) a=1, a" 1), b;a=2, c',
      'a=:YT0=:, b="\\", b=1"',
      '"x, a, y", a',
      'a="x, b',
    ])
      expect([value, outcome(value)]).toEqual([value, undefined])
    for (const value of [
      'a=1, a=2',
      'a,b,a',
      'a=1,\ta;x=1',
      'a="x", b=(1 2), a',
      'b=("x) y=1, c" ), b',
      'a="x", a="y"',
      'a=1, b="x, a',
      ';x, ;y',
    ])
      expect([value, outcome(value)]).toEqual([value, { code: 'ambiguous-request', loss: 'equal-names', part: 'header.x-a' }])
  })

  it('is told with how to spell it', () => {
    for (const loss of LOSSES) {
      expect(explainFailure({ code: 'ambiguous-request', loss, part: 'query' })).toMatch(
        /^[A-Z].*\. Other spellings would have the same signature, so the API takes them only where its verifier has allow: \[.*\]\.$/,
      )
    }
    expect(explainFailure({ code: 'ambiguous-request', loss: 'equal-names', part: 'header.x-a' })).toContain('the header x-a')
  })
})

describe('a guard', () => {
  it('is nothing at all for a scheme without losses and open ends', () => {
    expect(compileGuards(github, { allowed: none })).toBe(NO_GUARD)
    expect(compileGuards(qredoV1, { allowed: new Set(['ambiguous-request']) })).toBe(NO_GUARD)
  })

  it('looks at where a body begins, in bytes and in text', () => {
    const between = { code: 'ambiguous-request', between: '{url} and {body}', remedy: 'body-start' }
    expect(refusal(qredoV1, callOf('/x', { body: '1' }))).toEqual(between)
    expect(refusal(qredoV1, callOf('/x', bytes(0x31)))).toEqual(between)
    for (const body of ['{}', ' 1', '"', 'é', '😀']) expect(refusal(qredoV1, callOf('/x', { body })), body).toBeUndefined()
    expect(refusal(qredoV1, callOf('/x', bytes(0xc3)))).toBeUndefined()
    expect(refusal(qredoV1, callOf('/x'))).toBeUndefined()
  })

  it('takes forms of Binance where the query ends with the timestamp: not a body that goes on from there, or repeats it', () => {
    const between = { code: 'ambiguous-request', between: '{query} and {body}', remedy: 'parameter-last' }
    const target = '/x?a=1&timestamp=1764000000000'
    for (const body of ['symbol=X&side=BUY', '{"a":1}', 'timestamps=1'])
      expect(refusal(binance, callOf(target, { body })), body).toBeUndefined()
    for (const body of ['000', '1=2', '&a=1', 'a=1&timestamp=1', 'timestamp=1', 'time%73tamp=1'])
      expect(refusal(binance, callOf(target, { body })), body).toEqual(between)
    const otherOrder = '/x?timestamp=1764000000000&a=1'
    expect(refusal(binance, callOf(otherOrder, { body: 'b=1' }))).toEqual(between)
    expect(refusal(binance, callOf(otherOrder))).toBeUndefined()
  })

  it('takes no nonce that is spelled as a timestamp, since a call whose time is over has that message', () => {
    const malformed = { code: 'malformed-header', header: 'x-nonce' }
    const withNonce = (nonce: string): Call => callOf('/', { timestamp: '', nonce })
    for (const allowed of [none, new Set<Allowance>(['ambiguous-request', ...LOSSES])]) {
      expect(refusal(qredoPartner, withNonce('1764000000'), allowed)).toEqual(malformed)
      expect(refusal(qredoPartner, withNonce('17640000001'), allowed)).toBeUndefined()
      expect(refusal(qredoPartner, callOf('/', { timestamp: '1764000000' }), allowed)).toBeUndefined()
      // A time that is there is the one that is signed.
      expect(refusal(qredoPartner, callOf('/', { timestamp: '1764000000', nonce: '1764000000' }), allowed)).toBeUndefined()
    }
  })

  it('counts parameters that are empty altogether as one, where they are allowed', () => {
    const empty: ReadonlySet<Allowance> = new Set(['empty-parameters'])
    for (const target of ['/?a=1&&&b=1', '/?&&', '/?&&a=1&&']) expect(refusal(listed, callOf(target), empty), target).toBeUndefined()
    expect(refusal(listed, callOf('/?a=1&&&a=2'), empty)).toMatchObject({ loss: 'equal-names' })
  })

  it('finds a name that comes twice among many', () => {
    const many = Array.from({ length: 30 }, (_, index) => `a${index}=1`).join('&')
    expect(refusal(listed, callOf(`/?${many}`))).toBeUndefined()
    expect(refusal(listed, callOf(`/?${many}&a3=2`))).toMatchObject({ loss: 'equal-names' })
  })

  it('asks where parameters stand only if calls with and without a body are served', () => {
    const call = callOf('/', { body: 'a=1' })
    expect(compileGuards(bybit, { methods: ['POST', 'PUT'], allowed: none })(call)).toBeUndefined()
    expect(compileGuards(bybit, { methods: ['POST', 'HEAD'], allowed: none })(call)).toMatchObject({ loss: 'which-place' })
    expect(compileGuards(bybit, { methods: ['GET', 'HEAD'], allowed: none })(call)).toBeUndefined()
  })

  it('looks at the query of calls without a body, also where their bodies need no look', () => {
    const guard = compileGuards(bybit, { methods: ['GET'], allowed: none })
    expect(guard(callOf('/?', { method: 'GET' }))).toEqual({ code: 'ambiguous-request', loss: 'empty-parameters', part: 'query' })
    expect(guard(callOf('/?a=1', { method: 'GET' }))).toBeUndefined()
  })

  it('goes by the message of the call where the client chooses what it covers', () => {
    const guard = compileGuards(normalized, { allowed: none })
    expect(guard(callOf('/a//b'))).toMatchObject({ loss: 'double-slashes' })
    const exact = join('\n', [field('path')])
    expect(guard(callOf('/a//b'), exact)).toBeUndefined()
    const hopeless = join('', [field('body'), field('path')])
    expect(guard(callOf('/a'), hopeless)).toMatchObject({ between: '{body} and {path}' })
  })

  it('knows the one spelling by whether it is what percent-encoding writes', () => {
    for (let code = 0; code < 256; code++) {
      const upper = code.toString(16).toUpperCase().padStart(2, '0')
      const char = String.fromCharCode(code)
      const isPlain = /[A-Za-z0-9\-._~]/.test(char)
      expect(refusal(encodedAgain, callOf(`/%${upper}`)) === undefined, upper).toBe(code < 128 && !isPlain)
      if (char !== '/' && char !== '?') expect(refusal(encodedAgain, callOf(`/${char}`)) === undefined, char).toBe(isPlain)
    }
  })
})

describe('an escape', () => {
  const characters = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index))
  const isNeeded = (digits: string): boolean =>
    /^[0-7][0-9A-F]$/.test(digits) && !/[A-Za-z0-9\-._~]/.test(String.fromCharCode(Number.parseInt(digits, 16)))

  it.each([
    ['path', encodedAgain, '/%'],
    ['query', listed, '/?a=%'],
  ] as const)('is two digits in upper case, of a character that needs it, and nothing else: in a %s', (_part, scheme, before) => {
    const guard = compileGuards(scheme, { allowed: new Set(['dot-segments', 'double-slashes']) })
    for (const first of characters) {
      for (const second of characters) {
        const digits = first + second
        if ((guard(callOf(before + digits)) === undefined) !== isNeeded(digits)) expect.fail(before + digits)
      }
    }
  })
})

describe('a verifier of {timestamp or nonce}', () => {
  it('does not take a call whose time is over as one with a nonce', async () => {
    const scheme = defineScheme({
      name: 'either',
      title: 'Either',
      algorithm: 'hmac-sha256',
      timestamp: { formats: ['seconds'] },
      message: '{timestamp or nonce}\n{method}\n{target}\n{body}',
      signature: { encoding: 'hex' },
      headers: { k: '{keyId}', t: '{timestamp}', n: '{nonce}', s: '{signature}' },
    })
    const secret = new Uint8Array(32).fill(1)
    let now = 1_764_000_000_000
    const keys = memoryKeys(scheme, [{ id: 'k', secret }])
    const { verify } = createVerifier(scheme, { origin: 'https://a.example', keys, clock: () => now })
    const signed = createSigner(scheme, { keyId: 'k', secret }, { clock: () => now }).sign({ method: 'POST', url: 'https://a.example/x' })
    const call = { method: 'POST', target: '/x', headers: signed.headers, body: undefined }
    expect(await verify(call)).toMatchObject({ ok: true })
    now += 3_600_000
    expect(await verify(call)).toMatchObject({ ok: false, failure: { code: 'timestamp-out-of-window' } })
    const { t: timestamp = '', ...others } = signed.headers
    expect(await verify({ ...call, headers: { ...others, n: timestamp } })).toMatchObject({
      ok: false,
      failure: { code: 'malformed-header' },
    })
  })
})
