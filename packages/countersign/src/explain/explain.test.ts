import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crypto as webCrypto } from '../crypto/web.ts'
import type { Credentials } from '../scheme/credentials.ts'
import type { DeclaredScheme } from '../scheme/scheme.ts'
import { coinbaseExchange, qredoPartner, qredoV1, slack, standardWebhooks, stripe } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { explain, messageParts } from './index.ts'

const SECRET = Buffer.from(Array.from({ length: 48 }, (_, index) => (index * 37 + 200) & 255)).toString('base64url')
const KEY = Buffer.from(SECRET, 'base64url')
const TS = '1647356399'
const URL_SENT = 'https://api.qredo.network/qapi/v1/transaction?a=1'
const BODY = '{"a":1,"b":"two words"}'

const hmac = (message: string, key: string | Buffer = KEY): Buffer => createHmac('sha256', key).update(message).digest()

const credentialsOf = ({ keyId, hasPassphrase }: DeclaredScheme, secret: string): Credentials => ({
  secret,
  ...(keyId === 'none' ? {} : { keyId: 'key' }),
  ...(hasPassphrase ? { passphrase: 'pass' } : {}),
})

function ask(signature: string, more: Partial<Parameters<typeof explain>[0]> = {}) {
  return explain({
    scheme: qredoV1,
    secret: SECRET,
    request: {
      method: 'POST',
      url: URL_SENT,
      headers: { 'qredo-api-key': 'key', 'qredo-api-ts': TS, 'qredo-api-sig': signature },
      body: BODY,
    },
    ...more,
  })
}

describe('explain', () => {
  it('finds nothing wrong with what is right', async () => {
    const answer = await ask(hmac(`${TS}POST${URL_SENT}${BODY}`).toString('base64url'))
    expect(answer).toMatchObject({ outcome: 'match', causes: [], confidence: 1, difference: undefined, attempts: 1 })
  })

  it.each([
    ['secret-not-decoded', hmac(`${TS}POST${URL_SENT}${BODY}`, SECRET).toString('base64url')],
    ['timestamp-in-milliseconds', hmac(`${TS}000POST${URL_SENT}${BODY}`).toString('base64url')],
    ['method-lower-case', hmac(`${TS}post${URL_SENT}${BODY}`).toString('base64url')],
    ['url-without-query', hmac(`${TS}POST${URL_SENT.slice(0, -4)}${BODY}`).toString('base64url')],
    ['body-json-dumps', hmac(`${TS}POST${URL_SENT}{"a": 1, "b": "two words"}`).toString('base64url')],
    ['message-separator-added', hmac([TS, 'POST', URL_SENT, BODY].join('\n')).toString('base64url')],
    ['digest-hmac-sha512', createHmac('sha512', KEY).update(`${TS}POST${URL_SENT}${BODY}`).digest('base64url')],
    ['digest-sha256-only', createHash('sha256').update(`${TS}POST${URL_SENT}${BODY}`).digest('base64url')],
    ['encoding-hex', hmac(`${TS}POST${URL_SENT}${BODY}`).toString('hex')],
  ])('names %s, and only that', async (code, signature) => {
    const answer = await ask(signature)
    expect(answer.outcome).toBe('explained')
    expect(answer.causes.map(cause => cause.code)).toEqual([code])
    expect(answer.causes[0]?.fix).not.toBe('')
  })

  it('names strip("b\'"), for signatures that begin or end with a b', async () => {
    let seen = 0
    for (let time = 1647356399; seen < 12; time++) {
      const timestamp = String(time)
      const whole = hmac(`${timestamp}POST${URL_SENT}${BODY}`).toString('base64url')
      for (const signature of [whole.replace(/^b+|b+$/g, ''), whole.replace(/^b+/, ''), `${whole}=`.replace(/^b+/, '')]) {
        if (signature.replace('=', '') === whole) continue
        seen++
        const request = {
          method: 'POST',
          url: URL_SENT,
          headers: { 'qredo-api-key': 'key', 'qredo-api-ts': timestamp, 'qredo-api-sig': signature },
          body: BODY,
        }
        const { outcome, causes } = await ask('', { request })
        expect([signature, outcome, causes.map(({ code }) => code)]).toEqual([signature, 'explained', ['encoding-stripped']])
      }
    }
  })

  it('names pairs, and triples that have the body or the encoding in them', async () => {
    const pair = await ask(hmac(`${TS}post${URL_SENT}{"a": 1, "b": "two words"}`).toString('base64url'))
    expect(pair.causes.map(({ code }) => code).sort()).toEqual(['body-json-dumps', 'method-lower-case'])
    const triple = await ask(hmac(`${TS}post${URL_SENT}{"a": 1, "b": "two words"}`, SECRET).toString('hex'))
    expect(triple.causes.map(({ code }) => code).sort()).toEqual([
      'body-json-dumps',
      'encoding-hex',
      'method-lower-case',
      'secret-not-decoded',
    ])
  })

  it('points at the first difference', async () => {
    const { difference, signed, expected } = await ask(hmac(`${TS}POST${URL_SENT}{"a": 1, "b": "two words"}`).toString('base64url'))
    expect(expected.message).toBe(`${TS}POST${URL_SENT}${BODY}`)
    expect(signed?.message).toBe(`${TS}POST${URL_SENT}{"a": 1, "b": "two words"}`)
    expect(difference?.at).toBe(`${TS}POST${URL_SENT}{"a":`.length)
    const column = difference?.pointer.indexOf('^') ?? -1
    expect([difference?.expected[column], difference?.actual[column]]).toEqual(['1', ' '])
    expect([difference?.expectedBytes.slice(0, 2), difference?.actualBytes.slice(0, 2)]).toEqual(['31', '20'])
  })

  it('takes off a fragment, and finds who signed it', async () => {
    const request = { method: 'GET', url: `${URL_SENT}#top`, headers: { 'qredo-api-ts': TS, 'qredo-api-sig': '' } }
    const signedWith = (url: string) => ({
      request: { ...request, headers: { ...request.headers, 'qredo-api-sig': hmac(`${TS}GET${url}`).toString('base64url') } },
    })
    expect((await ask('', signedWith(URL_SENT))).outcome).toBe('match')
    expect((await ask('', signedWith(`${URL_SENT}#top`))).causes.map(({ code }) => code)).toEqual(['url-fragment'])
  })

  it('says so when nothing fits, and what it ruled out', async () => {
    const answer = await ask(hmac('something else').toString('base64url'), { maxAttempts: 2000 })
    expect(answer).toMatchObject({ outcome: 'unexplained', causes: [], confidence: 0, signed: undefined, attempts: 2000 })
    expect(answer.ruledOut.map(({ dimension }) => dimension)).toEqual(
      expect.arrayContaining(['secret', 'timestamp', 'method', 'url', 'body', 'message', 'digest', 'encoding']),
    )
  })

  it('never names a cause that does not reproduce what was presented', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), async bytes => {
        const answer = await ask(Buffer.from(bytes).toString('base64url'), { maxAttempts: 500 })
        expect(answer.outcome).toBe('unexplained')
      }),
      { seed: 14, numRuns: 50 },
    )
  })

  it.each([' ', 'a', '====', '%%%', '\u0000', 'é', '0'.repeat(5000)])('goes on with %j for a signature', async signature => {
    expect((await ask(signature, { maxAttempts: 300 })).outcome).toBe('unexplained')
  })

  it('is less sure of a signature that was cut', async () => {
    const { causes, confidence } = await ask(hmac(`${TS}POST${URL_SENT}${BODY}`).toString('base64url').slice(0, 20))
    expect(causes.map(({ code }) => code)).toEqual(['encoding-cut'])
    expect(confidence).toBeLessThan(1)
    expect(confidence).toBeGreaterThan(0.99)
  })

  it('finds a base path that a proxy took off, and one that the client left out', async () => {
    const at = (url: string) => ({ request: { method: 'GET', url, headers: { 'qredo-api-ts': TS, 'qredo-api-key': 'k' } } })
    const codeOf = async (called: string, signed: string) => {
      const { request } = at(`https://api.example.com${called}`)
      const signature = hmac(`${TS}GEThttps://api.example.com${signed}`).toString('base64url')
      const headers = { ...request.headers, 'qredo-api-sig': signature }
      return (await ask('', { request: { ...request, headers }, basePath: '/base' })).causes.map(({ code }) => code)
    }
    expect(await codeOf('/v1/x?a=1', '/base/v1/x?a=1')).toEqual(['url-base-path-taken-off'])
    expect(await codeOf('/base/v1/x', '/v1/x')).toEqual(['url-base-path-missing'])
    expect(await codeOf('/base/v1/x', '/base/v1/x')).toEqual([])
  })

  it('tries nothing where there is no signature, and lists the headers that are not there', async () => {
    const answer = await ask('', {
      request: { method: 'GET', url: URL_SENT, headers: { 'qredo-api-key': 'key' } },
      maxAttempts: 10,
    })
    expect(answer).toMatchObject({ outcome: 'unsigned', attempts: 0, ruledOut: [], missing: ['qredo-api-ts', 'qredo-api-sig'] })
  })

  it('finds another live secret of the key', async () => {
    const other = Buffer.alloc(32, 9)
    const { causes } = await ask(hmac(`${TS}POST${URL_SENT}${BODY}`, other).toString('base64url'), {
      otherSecrets: [other.toString('base64url')],
    })
    expect(causes.map(({ code }) => code)).toEqual(['secret-other-live'])
  })

  it('compares messages alone where there is no secret', async () => {
    const found = await ask('', { secret: undefined, clientMessage: `${TS}POST/qapi/v1/transaction?a=1${BODY}` })
    expect(found.outcome).toBe('explained')
    expect(found.causes.map(({ code }) => code)).toEqual(['message-target-for-url'])
    expect(found.expected.signature).toBeUndefined()
    const lost = await ask('', { secret: undefined, clientMessage: `${TS}POSTsomething`, maxAttempts: 1000 })
    expect(lost.outcome).toBe('unexplained')
    expect(lost.difference?.at).toBe(`${TS}POST`.length)
  })

  it('answers the same with web crypto', async () => {
    const { causes } = await ask(hmac(`${TS}post${URL_SENT}${BODY}`).toString('hex'), { crypto: webCrypto })
    expect(causes.map(({ code }) => code)).toEqual(['method-lower-case', 'encoding-hex'])
  })

  it('refuses schemes of key pairs, and to work from nothing', async () => {
    await expect(ask('', { scheme: qredoPartner })).rejects.toMatchObject({ code: 'option-invalid' })
    await expect(ask('', { secret: undefined })).rejects.toMatchObject({ code: 'option-invalid' })
  })

  it('takes its hypotheses from the declaration: other schemes', async () => {
    const v = createHmac('sha256', 'whsec_test_secret_of_some_length').update(`${TS}{"a": 1}`).digest('hex')
    const one = await explain({
      scheme: stripe,
      secret: 'whsec_test_secret_of_some_length',
      request: { method: 'POST', url: 'https://example.com/hook', headers: { 'stripe-signature': `t=${TS},v1=${v}` }, body: '{"a": 1}' },
    })
    expect(one.outcome).toBe('explained')
    expect(one.causes.every(({ dimension }) => dimension === 'message')).toBe(true)
    const key = Buffer.alloc(32, 7).toString('base64')
    const cases: readonly (readonly [DeclaredScheme, string])[] = [
      [slack, '8f742231b10e8888abcd99yyyzzz85a5'],
      [standardWebhooks, `whsec_${key}`],
      [coinbaseExchange, key],
    ]
    for (const [scheme, secret] of cases) {
      const signed = createSigner(scheme, credentialsOf(scheme, secret)).sign({
        method: 'POST',
        url: 'https://example.com/a/b',
        body: '{"a":1}',
      })
      const request = { method: 'POST', url: 'https://example.com/a/b', headers: signed.headers }
      const right = await explain({ scheme, secret, passphrase: 'pass', request: { ...request, body: '{"a":1}' } })
      expect([scheme.name, right.outcome]).toEqual([scheme.name, 'match'])
      const reformatted = await explain({ scheme, secret, passphrase: 'pass', request: { ...request, body: '{"a": 1}' } })
      expect([scheme.name, reformatted.causes.map(({ dimension }) => dimension)]).toEqual([scheme.name, ['body']])
    }
  })

  it('shows no secret in what it answers', async () => {
    const text = JSON.stringify(await ask(hmac(`${TS}POST${URL_SENT}${BODY}`, SECRET).toString('base64url')))
    expect(text).not.toContain(SECRET)
  })
})

describe('messageParts', () => {
  it.each<DeclaredScheme>([qredoV1, slack, coinbaseExchange, standardWebhooks])(
    'takes the message apart that was signed: $name',
    async scheme => {
      const secret =
        scheme === standardWebhooks ? `whsec_${Buffer.alloc(32, 7).toString('base64')}` : Buffer.alloc(32, 7).toString('base64')
      const signed = createSigner(scheme, credentialsOf(scheme, secret)).sign({ method: 'POST', url: URL_SENT, body: BODY })
      const parts = await messageParts({
        scheme,
        passphrase: 'pass',
        request: { method: 'POST', url: URL_SENT, headers: signed.headers, body: BODY },
      })
      expect(parts.map(({ text }) => text).join('')).toBe(new TextDecoder().decode(signed.message()))
      expect(parts.find(({ name }) => name === 'body')?.text).toBe(BODY)
    },
  )
})
