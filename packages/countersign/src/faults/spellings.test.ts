import { createHmac, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { draftSignatures } from '../bases/draft-signatures/index.ts'
import {
  createSigner,
  createVerifier,
  type IncomingRequest,
  type KeyDescription,
  memoryKeys,
  type Scheme,
  type VerifierOptions,
} from '../index.ts'
import { standardWebhooks, stripe } from '../schemes/index.ts'
import { codeOf, NOW, ORIGIN, SECONDS, secretBytes } from './scene.ts'

const BODY = '{"a":1}'

function verifierOf(scheme: Scheme, options: Partial<VerifierOptions> = {}, key: Partial<KeyDescription> = { secret: secretBytes }) {
  const fixed = scheme.keyId === 'none' ? { keyId: 'k' } : {}
  return createVerifier(scheme, { origin: ORIGIN, keys: memoryKeys(scheme, [{ id: 'k', ...key }]), clock: () => NOW, ...fixed, ...options })
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
async function expectOneCall(
  scheme: Scheme,
  spelled: IncomingRequest,
  usual: IncomingRequest,
  key?: Partial<KeyDescription>,
): Promise<void> {
  const { verify } = verifierOf(scheme, {}, key)
  const codes = [codeOf(await verify(spelled)), codeOf(await verify(usual)), codeOf(await verify(spelled))]
  expect(codes.join(', ')).toBe('accepted, replayed, replayed')
}

const hmac = (text: string, encoding: 'hex' | 'base64'): string => createHmac('sha256', secretBytes).update(text).digest(encoding)

function webhook(signatures: (good: string) => string, id = 'msg_1'): IncomingRequest {
  const good = `v1,${hmac(`${id}.${SECONDS}.${BODY}`, 'base64')}`
  return post({ 'webhook-id': id, 'webhook-timestamp': String(SECONDS), 'webhook-signature': signatures(good) })
}

describe('a webhook with a malformed signature beside a good one is accepted', () => {
  it.each<[string, (good: string) => string]>([
    ['v1,garbage v1,GOOD', good => `v1,garbage ${good}`],
    ['v1,GOOD v1,garbage', good => `${good} v1,garbage`],
    ['v1,~ v1,GOOD', good => `v1,~ ${good}`],
    ['v1, v1,GOOD', good => `v1, ${good}`],
  ])('Standard Webhooks: %s', async (_what, signatures) => {
    await expectOneCall(standardWebhooks, webhook(signatures), webhook(String))
  })

  it.each<[string, (good: string) => string]>([
    ['v1=potato v1,GOOD', good => `v1=potato ${good}`],
    ['v1a,of-another-kind v1,GOOD', good => `v1a,${'A'.repeat(86)}== ${good}`],
  ])('Standard Webhooks: %s', async (_what, signatures) => {
    await expectOneCall(standardWebhooks, webhook(signatures), webhook(String))
  })

  const fromStripe = (items: (good: string) => string): IncomingRequest =>
    post({ 'stripe-signature': items(`v1=${hmac(`${SECONDS}.${BODY}`, 'hex')}`) })

  it.each<[string, (good: string) => string]>([
    ['t=..,v1=potato,v1=GOOD', good => `t=${SECONDS},v1=potato,${good}`],
    ['t=..,v1=GOOD,v1=potato', good => `t=${SECONDS},${good},v1=potato`],
    ['t=..,v1=,v1=GOOD', good => `t=${SECONDS},v1=,${good}`],
    ['t=..,v1=abcd,v1=GOOD', good => `t=${SECONDS},v1=abcd,${good}`],
  ])('Stripe: %s', async (_what, items) => {
    await expectOneCall(
      stripe,
      fromStripe(items),
      fromStripe(good => `t=${SECONDS},${good}`),
    )
  })

  it('but none whose signatures are all malformed', async () => {
    expect(codeOf(await verifierOf(standardWebhooks).verify(webhook(() => 'v1,garbage v1=potato')))).toBe('malformed-signature')
    expect(codeOf(await verifierOf(stripe).verify(fromStripe(() => `t=${SECONDS},v1=potato`)))).toBe('malformed-signature')
  })
})

describe('a webhook-id', () => {
  it.each(['msg:1', 'orders/2026/1', 'a@b', 'urn:uuid:1;v=2', 'a+b=', '(1)'])('may hold any visible character: %s', async id => {
    expect(codeOf(await verifierOf(standardWebhooks).verify(webhook(String, id)))).toBe('accepted')
  })

  it.each(['msg.1', '.', 'a b', 'ü', ''])('holds neither a full stop, where the time begins, nor what is not visible: %j', async id => {
    expect(codeOf(await verifierOf(standardWebhooks).verify(webhook(String, id)))).not.toBe('accepted')
  })
})

/** A call of draft 12 whose header is written in another way. */
function draftCall(scheme: Scheme, rewrite: (text: string) => string = String, privateKey?: string): IncomingRequest {
  const signer = createSigner(
    scheme,
    { keyId: 'k', ...(privateKey === undefined ? { secret: secretBytes } : { privateKey }) },
    { clock: () => NOW },
  )
  const { headers } = signer.sign({ method: 'POST', url: `${ORIGIN}/orders`, body: BODY })
  const [name, text] = Object.entries(headers).find(([, value]) => value.includes('algorithm=')) ?? ['', '']
  return post({ ...headers, [name]: rewrite(text) })
}

const draft = draftSignatures()
const activityPub = draftSignatures({ carrier: 'signature' })
const kong = draftSignatures({ carrier: 'kong', headers: ['date', 'request-line', 'digest'] })

const SPACES: readonly [string, (text: string) => string][] = [
  ['no space behind commas', text => text.replace(/, ?(?=[a-z]+=)/g, ',')],
  ['spaces behind commas', text => text.replace(/, ?(?=[a-z]+=)/g, ',   ')],
  ['spaces before commas', text => text.replace(/, ?(?=[a-z]+=)/g, ' , ')],
  ['tabs around commas', text => text.replace(/, ?(?=[a-z]+=)/g, '\t,\t')],
  ['spaces around equals signs', text => text.replace(/(keyId|username|algorithm|headers|signature)="/g, '$1 = "')],
  ['spaces at the end', text => `${text}  `],
]

describe('the header of draft 12', () => {
  it.each(SPACES.slice(1))('may have %s', async (_what, rewrite) => {
    for (const scheme of [draft, activityPub, kong]) await expectOneCall(scheme, draftCall(scheme, rewrite), draftCall(scheme))
  })

  it.each(SPACES.slice(0, 1))('may have %s', async (_what, rewrite) => {
    for (const scheme of [draft, activityPub, kong]) await expectOneCall(scheme, draftCall(scheme, rewrite), draftCall(scheme))
  })

  it.each<[string, Scheme, (text: string) => string]>([
    ['signature keyId=…', draft, text => text.replace('Signature', 'signature')],
    ['SIGNATURE keyId=…', draft, text => text.replace('Signature', 'SIGNATURE')],
    ['Signature   keyId=…', draft, text => text.replace('Signature ', 'Signature   ')],
    ['HMAC username=…', kong, text => text.replace('hmac', 'HMAC')],
    ['Hmac username=…', kong, text => text.replace('hmac', 'Hmac')],
  ])('may begin with %s', async (_what, scheme, rewrite) => {
    await expectOneCall(scheme, draftCall(scheme, rewrite), draftCall(scheme))
  })

  it.each(['opaque="x"', 'x-version=2', 'version="1"', 'realm="orders"'])('may have a parameter that means nothing: %s', async unknown => {
    for (const scheme of [draft, activityPub, kong]) {
      for (const rewrite of [(text: string) => `${text},${unknown}`, (text: string) => text.replace('algorithm=', `${unknown},algorithm=`)])
        await expectOneCall(scheme, draftCall(scheme, rewrite), draftCall(scheme))
    }
  })

  it('may call the algorithm of an Ed25519 key ed25519-sha512', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519', {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    })
    const renamed = draftCall(draft, text => text.replace(/algorithm="[^"]*"/, 'algorithm="ed25519-sha512"'), privateKey)
    await expectOneCall(draft, renamed, draftCall(draft, String, privateKey), { publicKey })
  })

  it('still has every parameter once, in quotation marks', async () => {
    for (const rewrite of [
      (text: string) => `${text},algorithm="hs2019"`,
      (text: string) => text.replace('keyId="k"', 'keyId=k'),
      (text: string) => text.replace('algorithm="hmac-sha256"', 'algorithm="hmac-sha512"'),
      (text: string) => text.replace('Signature', 'Signatur'),
    ])
      expect(codeOf(await verifierOf(draft).verify(draftCall(draft, rewrite)))).not.toBe('accepted')
  })
})
