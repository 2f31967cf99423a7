import { createHmac, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { CountersignError } from '../contract/error.ts'
import { crypto as web } from '../crypto/web.ts'
import { defineScheme } from '../define/define.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { coinbaseExchange, github, qredoPartner, qredoV1, stripe } from '../schemes/index.ts'
import { pythonJson } from '../wire/json.ts'
import { createSigner } from './sign.ts'

const secretBytes = Buffer.alloc(60, 0xfb)
const secret = secretBytes.toString('base64')
const keyId = '9OgjbzwhoE4LJA'
const url = 'https://api.qredo.network/qapi/v1/transaction'
const NOW = 1_647_356_399_123

function byHand(message: string | Uint8Array): string {
  return createHmac('sha256', secretBytes).update(message).digest('base64url')
}

describe('createSigner(qredoV1).sign', () => {
  const signer = createSigner(qredoV1, { keyId, secret }, { clock: () => NOW })

  it('signs timestamp, method, full URL and body, and carries key id, timestamp and signature', () => {
    const { headers, body, method, message } = signer.sign({ method: 'post', url, body: '{"a":1}' })
    const timestamp = headers['qredo-api-ts'] ?? ''
    expect(timestamp).toMatch(/^1647356399123\d{6}$/)
    expect(method).toBe('POST')
    expect(headers).toEqual({ 'qredo-api-key': keyId, 'qredo-api-ts': timestamp, 'qredo-api-sig': byHand(`${timestamp}POST${url}{"a":1}`) })
    expect(headers['qredo-api-sig']).toHaveLength(43)
    expect(new TextDecoder().decode(body)).toBe('{"a":1}')
    expect(new TextDecoder().decode(message())).toBe(`${timestamp}POST${url}{"a":1}`)
  })

  it('signs and sends the very same bytes, whatever the body was given as', () => {
    const bytes = Uint8Array.of(0xff, 0x00, 0x7b, 0xc3)
    for (const [body, sent, type] of [
      ['{"note":"für 5 €"}', Buffer.from('{"note":"für 5 €"}'), undefined],
      [bytes, bytes, undefined],
      [bytes.buffer, bytes, undefined],
      [{ note: 'für 5 €', n: [1, true, null] }, Buffer.from('{"note":"für 5 €","n":[1,true,null]}'), 'application/json'],
      [[1, 2], Buffer.from('[1,2]'), 'application/json'],
      ['', Buffer.from(''), undefined],
      [null, undefined, undefined],
      [undefined, undefined, undefined],
    ] as const) {
      const signed = signer.sign({ method: 'POST', url, body, timestamp: '1647356399' })
      expect(signed.headers['qredo-api-sig']).toBe(byHand(Buffer.concat([Buffer.from(`1647356399POST${url}`), sent ?? Buffer.alloc(0)])))
      expect(signed.body === undefined ? undefined : Buffer.from(signed.body)).toEqual(sent === undefined ? undefined : Buffer.from(sent))
      expect(signed.headers['content-type']).toBe(type)
    }
  })

  it('keeps the content-type that the request has', () => {
    for (const name of ['content-type', 'Content-Type']) {
      const request = { method: 'POST', url, headers: { [name]: 'application/vnd.x+json' }, body: { a: 1 } }
      expect(signer.sign(request).headers['content-type']).toBeUndefined()
    }
  })

  it('throws errors that no retry takes for a lost connection', () => {
    expect(() => signer.sign({ method: 'POST', url: '/x' })).toThrow(CountersignError)
    expect(() => signer.sign({ method: 'POST', url: '/x' })).not.toThrow(TypeError)
  })

  it('writes JSON as it is told to', () => {
    const python = createSigner(qredoV1, { keyId, secret }, { json: pythonJson })
    const { body } = python.sign({ method: 'POST', url, body: { a: 1, b: 'ü' } })
    expect(new TextDecoder().decode(body)).toBe('{"a": 1, "b": "\\u00fc"}')
  })

  it("refuses a body it can't read", () => {
    for (const body of [new Map(), new URLSearchParams('a=1'), new Blob(['x']), Symbol('x')])
      expect(() => signer.sign({ method: 'POST', url, body: body as never })).toThrow(
        expect.objectContaining({ code: 'body-not-signable' }),
      )
  })

  it('writes the timestamp in the unit that was asked for, or takes it as it is given', () => {
    for (const [unit, expected] of [
      ['seconds', /^1647356399$/],
      ['milliseconds', /^1647356399123$/],
      ['microseconds', /^1647356399123\d{3}$/],
      ['nanoseconds', /^1647356399123\d{6}$/],
    ] as const)
      expect(
        createSigner(qredoV1, { keyId, secret }, { clock: () => NOW, timestamp: unit }).sign({ method: 'GET', url }).headers[
          'qredo-api-ts'
        ],
      ).toMatch(expected)
    expect(signer.sign({ method: 'GET', url, timestamp: '1600000000' }).headers['qredo-api-ts']).toBe('1600000000')
    expect(() => signer.sign({ method: 'GET', url, timestamp: '160000000' })).toThrow(
      expect.objectContaining({ code: 'timestamp-invalid' }),
    )
    // @ts-expect-error qredo-v1 has no such format
    expect(() => createSigner(qredoV1, { keyId, secret }, { timestamp: 'iso8601' })).toThrow(
      expect.objectContaining({ code: 'timestamp-invalid' }),
    )
  })

  it('goes by another clock with withClock', () => {
    expect(signer.withClock(() => 1_700_000_000_000).sign({ method: 'GET', url }).headers['qredo-api-ts']).toMatch(/^1700000000000\d{6}$/)
  })

  it('does not sign with RSA keys that no verifier takes, on Node or in a browser', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const refused = expect.objectContaining({ code: 'private-key-malformed', message: expect.stringContaining('1024 bits') })
    expect(() => createSigner(qredoPartner, { keyId: 'k', privateKey: pem })).toThrow(refused)
    const inBrowser = createSigner(qredoPartner, { keyId: 'k', privateKey: pem }, { crypto: web })
    await expect(inBrowser.signAsync({ method: 'GET', url: 'https://api.example.com/' })).rejects.toThrow(refused)
  })

  it('signs the content-type that it adds itself', () => {
    const scheme = defineScheme({
      name: 'typed',
      title: 'Signs the type',
      algorithm: 'hmac-sha256',
      message: '{url}\n{header.content-type}\n{body}',
      signature: { encoding: 'hex' },
      headers: { 'x-key': '{keyId}', 'x-signature': '{signature}' },
    })
    const signed = createSigner(scheme, { keyId: 'k', secret: Buffer.alloc(32, 1) }).sign({
      method: 'POST',
      url: 'https://api.example.com/',
      body: { a: 1 },
    })
    expect(signed.headers['content-type']).toBe('application/json')
    expect(Buffer.from(signed.message()).toString()).toBe('https://api.example.com/\napplication/json\n{"a":1}')
  })

  it("refuses what can't arrive as it was signed", () => {
    for (const bad of ['/relative', 'https://a.example/#x', 'https://a.example/ä'])
      expect(() => signer.sign({ method: 'GET', url: bad })).toThrow(expect.objectContaining({ code: 'url-not-signable' }))
    for (const method of ['', 'G ET', 'GET\n'])
      expect(() => signer.sign({ method, url })).toThrow(expect.objectContaining({ code: 'option-invalid' }))
  })

  it('gives the same over WebCrypto, as a promise', async () => {
    const onWeb = createSigner(qredoV1, { keyId, secret }, { crypto: web })
    const call = { method: 'POST', url, body: { a: 'ü' }, timestamp: '1647356399123456789' }
    const there = await onWeb.signAsync(call)
    const here = signer.sign(call)
    expect({ ...there, message: there.message() }).toEqual({
      ...here,
      body: new Uint8Array(here.body ?? []),
      message: new Uint8Array(here.message()),
    })
    expect(() => onWeb.sign(call)).toThrow(expect.objectContaining({ code: 'no-synchronous-crypto' }))
    await expect(onWeb.signAsync({ method: 'GET', url: 'x' })).rejects.toMatchObject({ code: 'url-not-signable' })
  })
})

describe('createSigner', () => {
  it('takes the secret in either base64 alphabet, padded or not, or as bytes', () => {
    const spelled = [
      secret,
      secretBytes.toString('base64url'),
      secret.replace(/=+$/, ''),
      secret.replaceAll('+', '-').replaceAll('/', '_'),
      secretBytes,
    ]
    const signatures = spelled.map(
      text => createSigner(qredoV1, { keyId, secret: text }).sign({ method: 'GET', url, timestamp: '1647356399' }).headers['qredo-api-sig'],
    )
    expect(new Set(signatures)).toEqual(new Set([byHand(`1647356399GET${url}`)]))
  })

  it('refuses credentials that are missing, malformed or too short, and never repeats them', () => {
    for (const [scheme, credentials, code] of [
      [qredoV1, { secret }, 'credential-missing'],
      [qredoV1, { keyId: 'a b', secret }, 'credential-missing'],
      [qredoV1, { keyId }, 'secret-missing'],
      [qredoV1, { keyId, secret: '' }, 'secret-missing'],
      [qredoV1, { keyId, secret: new Uint8Array(0) }, 'secret-missing'],
      [qredoV1, { keyId, secret: 'hunter2!' }, 'secret-malformed'],
      [qredoV1, { keyId, secret: `${secret}\n` }, 'secret-malformed'],
      [qredoV1, { keyId, secret: 'hunter20' }, 'secret-too-short'],
      [coinbaseExchange, { keyId, secret }, 'credential-missing'],
      [qredoPartner, { keyId }, 'credential-missing'],
      [qredoPartner, { keyId, privateKey: 'hunter2' }, 'private-key-malformed'],
    ] as const) {
      const make = (): unknown => createSigner(scheme as Scheme, credentials)
      expect(make).toThrow(expect.objectContaining({ code }))
      expect(make).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter2') as string }))
    }
  })

  it('needs neither key id nor timestamp where the scheme has none', () => {
    const { headers } = createSigner(github, { secret: "It's a Secret to Everybody" }).sign({ method: 'POST', url, body: 'Hello, World!' })
    expect(headers).toEqual({ 'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' })
    expect(() => createSigner(github, { secret: 'x'.repeat(16) }).sign({ method: 'POST', url, timestamp: '1647356399' })).toThrow(
      expect.objectContaining({ code: 'timestamp-invalid' }),
    )
  })

  it('writes a list of items into one header', () => {
    const { headers } = createSigner(stripe, { secret: 'x'.repeat(16) }, { clock: () => NOW }).sign({ method: 'POST', url, body: '{}' })
    expect(headers['stripe-signature']).toMatch(/^t=1647356399,v1=[0-9a-f]{64}$/)
  })
})

describe('what a declaration can ask of a signer', () => {
  const base = { title: 'T', algorithm: 'hmac-sha256', signature: { encoding: 'hex' } } as const

  it('makes up a nonce in the format that was declared, another for every call', () => {
    for (const [format, shape] of [
      ['random', /^[A-Za-z0-9_-]{22}$/],
      ['hex', /^[0-9a-f]{32}$/],
      ['uuid', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/],
      ['milliseconds', /^\d{13}$/],
      ['microseconds', /^\d{16}$/],
      ['nanoseconds', /^\d{19}$/],
    ] as const) {
      const scheme = defineScheme({
        ...base,
        name: 'nonce',
        nonce: { formats: [format, 'any'] },
        message: '{nonce}\n{body}',
        headers: { n: '{nonce}', s: '{signature}' },
      })
      const signer = createSigner(scheme, { secret: 'x'.repeat(16) })
      const nonces = Array.from({ length: 50 }, () => signer.sign({ method: 'POST', url }).headers['n'] ?? '')
      for (const nonce of nonces) expect(nonce).toMatch(shape)
      expect(new Set(nonces).size).toBe(50)
      expect(signer.sign({ method: 'POST', url, nonce: 'mine' }).headers['n']).toBe('mine')
      expect(() => signer.sign({ method: 'POST', url, nonce: 'a b' })).toThrow(expect.objectContaining({ code: 'nonce-invalid' }))
    }
  })

  it('puts the nonce into a form-encoded body, or takes the one that is there', () => {
    const scheme = defineScheme({
      ...base,
      name: 'form',
      message: ['{path}', { hash: 'sha256', encoding: 'raw', of: ['{nonce}', '{body}'] }],
      form: { nonce: '{nonce}' },
      headers: { s: '{signature}' },
    })
    const signer = createSigner(scheme, { secret: 'x'.repeat(16) })
    const text = (body: string | undefined): string => new TextDecoder().decode(signer.sign({ method: 'POST', url, body, nonce: '7' }).body)
    expect(text(undefined)).toBe('nonce=7')
    expect(text('a=1')).toBe('nonce=7&a=1')
    expect(text('a=1&nonce=5')).toBe('a=1&nonce=5')
    expect(() => text('nonce=1&nonce=2')).toThrow(expect.objectContaining({ code: 'body-not-signable' }))
    expect(() => signer.sign({ method: 'POST', url, body: { a: 1 } })).toThrow(expect.objectContaining({ code: 'body-not-signable' }))
  })

  it('appends to the query, the signature last and percent-encoded', () => {
    const scheme = defineScheme({
      ...base,
      name: 'query',
      signature: { encoding: 'base64' },
      timestamp: { formats: ['milliseconds'] },
      message: '{target}',
      query: { t: '{timestamp}', s: '{signature}' },
    })
    const signer = createSigner(scheme, { secret: 'x'.repeat(16) }, { clock: () => NOW })
    expect(signer.sign({ method: 'GET', url: 'https://a.example/x' }).url).toMatch(
      /^https:\/\/a\.example\/x\?t=1647356399123&s=[A-Za-z0-9%]+%3D$/,
    )
    expect(signer.sign({ method: 'GET', url: 'https://a.example/x?y=1' }).url).toMatch(/^https:\/\/a\.example\/x\?y=1&t=1647356399123&s=/)
  })

  it('signs the header that it writes itself', () => {
    const scheme = defineScheme({
      ...base,
      name: 'date',
      timestamp: { formats: ['http-date'] },
      message: '{header.date}\n{header.x-other}',
      headers: { date: '{timestamp}', s: '{signature}' },
    })
    const signed = createSigner(scheme, { secret: 'x'.repeat(16) }, { clock: () => NOW }).sign({
      method: 'GET',
      url,
      headers: { 'X-Other': 'o' },
    })
    expect(new TextDecoder().decode(signed.message())).toBe('Tue, 15 Mar 2022 14:59:59 GMT\no')
  })

  it("sends parameters, the declared ones or the caller's, and knows no others", () => {
    const scheme = defineScheme({
      ...base,
      name: 'window',
      timestamp: { formats: ['milliseconds'] },
      message: '{timestamp}\n{window}\n{body}',
      parameters: { window: { default: '5000', characters: 'digits' } },
      headers: { t: '{timestamp}', w: '{window}', s: '{signature}' },
    })
    expect(createSigner(scheme, { secret: 'x'.repeat(16) }).sign({ method: 'GET', url }).headers['w']).toBe('5000')
    expect(
      createSigner(scheme, { secret: 'x'.repeat(16) }, { parameters: { window: '10' } }).sign({ method: 'GET', url }).headers['w'],
    ).toBe('10')
    // @ts-expect-error the scheme has no parameter windo
    expect(() => createSigner(scheme, { secret: 'x'.repeat(16) }, { parameters: { windo: '10' } })).toThrow(
      /has no use for the parameter windo: leave it out/,
    )
  })
})
