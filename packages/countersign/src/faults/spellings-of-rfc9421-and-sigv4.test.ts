import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { httpMessageSignatures, type SignMessageOptions, signMessage } from '../bases/http-signatures/index.ts'
import { sigV4 } from '../bases/sigv4/index.ts'
import { createVerifier, type IncomingRequest, memoryKeys, type Scheme, type VerifierOptions } from '../index.ts'
import { codeOf, NOW, ORIGIN, SECONDS, secretBytes } from './scene.ts'

const BODY = '{"a":1}'

function verifierOf(scheme: Scheme, options: Partial<VerifierOptions> = {}) {
  return createVerifier(scheme, {
    origin: ORIGIN,
    keys: memoryKeys(scheme, [{ id: 'k', secret: secretBytes }]),
    clock: () => NOW,
    ...options,
  })
}

type Headers = Record<string, string>

/** A POST with that body, to the one path that everything here is signed for. */
const post = (headers: Headers, body: string | undefined = BODY): IncomingRequest => ({
  method: 'POST',
  target: '/orders',
  headers: { host: 'api.example.com', ...headers },
  body: Buffer.from(body),
})

/** Accepted in this spelling, and then in no other once more. */
async function expectOneCall(scheme: Scheme, spelled: IncomingRequest, usual: IncomingRequest): Promise<void> {
  const { verify } = verifierOf(scheme)
  const codes = [codeOf(await verify(spelled)), codeOf(await verify(usual)), codeOf(await verify(spelled))]
  expect(codes.join(', ')).toBe('accepted, replayed, replayed')
}

const rfc = httpMessageSignatures()
const digestOf = (body: string): string => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`

/** A call of RFC 9421 with one signature, by hand. */
async function rfcCall(options: Partial<SignMessageOptions> = {}, digest = digestOf(BODY)): Promise<{ [name: string]: string }> {
  const made = await signMessage(
    { method: 'POST', origin: ORIGIN, target: '/orders', headers: [['content-digest', digest]] },
    {
      label: 'sig',
      components: ['@method', '@target-uri', 'content-digest'],
      parameters: { created: SECONDS, keyid: 'k', nonce: 'n' },
      key: { algorithm: 'hmac-sha256', secret: secretBytes },
      ...options,
    },
  )
  return { 'content-digest': digest, 'signature-input': made['signature-input'], signature: made.signature }
}

const wrong = { key: { algorithm: 'hmac-sha256', secret: Buffer.alloc(40, 9) } } as const

/** Several signatures in one header, in this order. */
async function severalLabels(all: readonly Partial<SignMessageOptions>[]): Promise<IncomingRequest> {
  const made = await Promise.all(all.map((options, index) => rfcCall({ ...options, label: `s${index}` })))
  const joined = (name: string): string => made.map(headers => headers[name]).join(', ')
  return post({ 'content-digest': digestOf(BODY), 'signature-input': joined('signature-input'), signature: joined('signature') })
}

describe('RFC 9421', () => {
  it.each<[string, readonly Partial<SignMessageOptions>[]]>([
    ['one that does not fit', [wrong, {}]],
    ['one of a key that is unknown', [{ ...wrong, parameters: { created: SECONDS, keyid: 'other', nonce: 'o' } }, {}]],
    ['one that is too old', [{ parameters: { created: SECONDS - 9_000, keyid: 'k', nonce: 'o' } }, {}]],
    ['seven that do not fit', [...Array.from({ length: 7 }, () => wrong), {}]],
  ])('accepts a good signature behind %s', async (_what, all) => {
    expect(codeOf(await verifierOf(rfc).verify(await severalLabels(all)))).toBe('accepted')
  })

  it('takes no call behind two that could be of key pairs and do not fit, for each costs up to a millisecond', async () => {
    const { headers, ...call } = await severalLabels([wrong, wrong, {}])
    const { signature, ...others } = headers as { [name: string]: string }
    // As long as a signature by Ed25519.
    const long = `:${Buffer.alloc(64, 1).toString('base64')}:`
    const withLong = (count: number): string =>
      String(signature)
        .split(', ')
        .map((one, index) => (index < count ? one.replace(/:.*:/, long) : one))
        .join(', ')
    const answers = await Promise.all(
      [0, 1, 2].map(count => verifierOf(rfc).verify({ ...call, headers: { ...others, signature: withLong(count) } })),
    )
    expect(answers.map(codeOf)).toEqual(['accepted', 'accepted', 'too-many-signatures'])
  })

  it('tries no more than eight, and needs one that is good', async () => {
    const { verify } = verifierOf(rfc)
    expect(codeOf(await verify(await severalLabels([...Array.from({ length: 8 }, () => wrong), {}])))).not.toBe('accepted')
    expect(codeOf(await verify(await severalLabels([wrong, wrong])))).toBe('bad-signature')
  })

  it('needs no keyid where the verifier names the key', async () => {
    const scheme = httpMessageSignatures({ parameters: ['created', 'nonce'] })
    const { verify } = verifierOf(scheme, { keyId: 'k' })
    const call = post(await rfcCall({ parameters: { created: SECONDS, nonce: 'n' } }))
    expect([codeOf(await verify(call)), codeOf(await verify(call))]).toEqual(['accepted', 'replayed'])
  })

  it('takes a signature without padding, as the same call', async () => {
    const scheme = httpMessageSignatures({ parameters: ['created', 'keyid'] })
    const headers = await rfcCall({ parameters: { created: SECONDS, keyid: 'k' } })
    const unpadded = { ...headers, signature: headers['signature']?.replace(/=+:$/, ':') ?? '' }
    expect(unpadded.signature).not.toBe(headers['signature'])
    await expectOneCall(scheme, post(unpadded), post(headers))
  })

  it('takes a content digest without padding', async () => {
    const unpadded = digestOf(BODY).replace(/=+:$/, ':')
    expect(codeOf(await verifierOf(rfc).verify(post(await rfcCall({}, unpadded))))).toBe('accepted')
    expect(codeOf(await verifierOf(rfc).verify(post(await rfcCall({}, unpadded), '{"a":2}')))).toBe('digest-mismatch')
  })
})

const DATE = new Date(NOW).toUTCString()
const STAMP = new Date(NOW).toISOString().replace(/[-:]|\.\d+/g, '')

/** A SigV4 call by hand, with its time in one of two headers. */
function v4Call(
  time: 'date' | 'x-amz-date',
  write = (credential: string, signed: string, signature: string) => `${credential}, ${signed}, ${signature}`,
) {
  const value = time === 'date' ? DATE : STAMP
  const names = [time, 'host'].sort()
  const lines = names.map(name => `${name}:${name === 'host' ? 'api.example.com' : value}\n`).join('')
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
  const scope = `${STAMP.slice(0, 8)}/eu-west-1/execute-api/aws4_request`
  const text = `AWS4-HMAC-SHA256\n${STAMP}\n${scope}\n${hash(`POST\n/orders\n\n${lines}\n${names.join(';')}\n${hash(BODY)}`)}`
  const key = scope
    .split('/')
    .reduce<Buffer>((last, step) => createHmac('sha256', last).update(step).digest(), Buffer.concat([Buffer.from('AWS4'), secretBytes]))
  const signature = createHmac('sha256', key).update(text).digest('hex')
  const authorization = `AWS4-HMAC-SHA256 ${write(`Credential=k/${scope}`, `SignedHeaders=${names.join(';')}`, `Signature=${signature}`)}`
  return { [time]: value, authorization }
}

describe('SigV4', () => {
  const scheme = sigV4()
  const usual = post(v4Call('x-amz-date'))

  it('takes the usual spelling, made by hand', async () => {
    expect(codeOf(await verifierOf(scheme).verify(usual))).toBe('accepted')
  })

  it('takes a signed Date in the place of x-amz-date, and holds it against the clock', async () => {
    const call = post(v4Call('date'))
    const { verify } = verifierOf(scheme)
    expect([codeOf(await verify(call)), codeOf(await verify(call))]).toEqual(['accepted', 'replayed'])
    expect(codeOf(await verifierOf(scheme, { clock: () => NOW + 301_000 }).verify(call))).toBe('timestamp-out-of-window')
  })

  it.each<[string, Parameters<typeof v4Call>[1]]>([
    ['SignedHeaders first', (credential, signed, signature) => `${signed}, ${credential}, ${signature}`],
    ['Signature first', (credential, signed, signature) => `${signature}, ${credential}, ${signed}`],
    ['more space', (credential, signed, signature) => `${credential} ,  ${signed} ,\t${signature}`],
  ])('takes the parts of Authorization in another way: %s', async (_what, write) => {
    await expectOneCall(scheme, post(v4Call('x-amz-date', write)), usual)
  })

  it('takes a header that CloudFront added, though it is not signed', async () => {
    await expectOneCall(scheme, post({ ...v4Call('x-amz-date'), 'x-amz-cf-id': 'abc==' }), usual)
  })

  it('takes no other header of that kind that is not signed', async () => {
    const call = post({ ...v4Call('x-amz-date'), 'x-amz-acl': 'public-read' })
    expect(codeOf(await verifierOf(scheme).verify(call))).toBe('insufficient-coverage')
  })
})
