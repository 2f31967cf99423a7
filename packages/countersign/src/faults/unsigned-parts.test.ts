import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  createSigner,
  createVerifier,
  defineScheme,
  type IncomingRequest,
  memoryKeys,
  type Only,
  type Scheme,
  schemeWarnings,
  type VerifierOptions,
} from '../index.ts'
import * as shipped from '../schemes/index.ts'
import { codeOf, NOW, ORIGIN, SECONDS, secretBytes } from './scene.ts'

function verifierOf(scheme: Scheme, only?: Only) {
  const keys = memoryKeys(scheme, [{ id: 'k', secret: secretBytes }])
  const options: VerifierOptions = {
    origin: ORIGIN,
    keys,
    clock: () => NOW,
    ...(scheme.detectsReplays ? { replay: 'off' } : {}),
    ...(scheme.keyId === 'none' ? { keyId: 'k' } : {}),
    ...(only === undefined ? {} : { only }),
  }
  return createVerifier(scheme, options)
}

function signedBy(scheme: Scheme, method: string, target: string, body?: string): IncomingRequest {
  const signer = createSigner(scheme, { keyId: 'k', secret: secretBytes }, { clock: () => NOW })
  const signed = signer.sign({ method, url: ORIGIN + target, body })
  return { method, target: signed.url.slice(ORIGIN.length), headers: signed.headers, body: signed.body }
}

/** The call as it was signed is accepted, and with the change it is not. */
async function expectHeld(scheme: Scheme, only: Only, call: IncomingRequest, change: Partial<IncomingRequest>): Promise<void> {
  const { verify } = verifierOf(scheme, only)
  expect(codeOf(await verify(call))).toBe('accepted')
  expect(codeOf(await verify({ ...call, ...change }))).not.toBe('accepted')
}

describe('what is not signed is held to what the verifier says it takes', () => {
  const { bybit, kraken, binance } = shipped
  const order: Only = { methods: ['POST'], paths: ['/v5/order/create'], query: 'none' }

  it.each<[string, Partial<IncomingRequest>]>([
    ['to another path', { target: '/v5/asset/withdraw/create' }],
    ['to a path that only begins alike', { target: '/v5/order/create-batch' }],
    ['to its path in another case', { target: '/v5/Order/create' }],
    ['as a PUT', { method: 'PUT' }],
    ['as a PATCH', { method: 'PATCH' }],
    ['with a query', { target: '/v5/order/create?reduceOnly=false' }],
    ['with an empty query', { target: '/v5/order/create?' }],
  ])('a POST of bybit is refused %s', async (_what, change) => {
    await expectHeld(bybit, order, signedBy(bybit, 'POST', '/v5/order/create', '{"qty":"1"}'), change)
  })

  it.each<[string, Partial<IncomingRequest>]>([
    ['with a query', { target: '/0/private/AddOrder?validate=false' }],
    ['with an empty query', { target: '/0/private/AddOrder?' }],
    ['as a PUT', { method: 'PUT' }],
    ['as a DELETE', { method: 'DELETE' }],
  ])('a call of kraken is refused %s', async (_what, change) => {
    const only: Only = { methods: ['POST'], query: 'none' }
    await expectHeld(kraken, only, signedBy(kraken, 'POST', '/0/private/AddOrder', 'volume=1'), change)
  })

  const atBinance = signedBy(binance, 'POST', '/api/v3/order?symbol=LTCBTC')

  it.each<[string, Partial<IncomingRequest>]>([
    ['to another path', { target: atBinance.target.replace('/api/v3/order', '/sapi/v1/capital/withdraw/apply') }],
    ['as a DELETE', { method: 'DELETE' }],
    ['as a PUT', { method: 'PUT' }],
    ['as a GET', { method: 'GET' }],
  ])('a POST of binance is refused %s', async (_what, change) => {
    await expectHeld(binance, { methods: ['POST'], paths: ['/api/v3/order'] }, atBinance, change)
  })

  it('a body is refused where none is signed', async () => {
    const bare = defineScheme({
      name: 'bare',
      title: 'No body',
      algorithm: 'hmac-sha256',
      timestamp: { formats: ['seconds'] },
      message: '{timestamp}\n{method}\n{target}',
      signature: { encoding: 'hex' },
      headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}', 'x-signature': '{signature}' },
    })
    await expectHeld(bare, { body: 'none' }, signedBy(bare, 'POST', '/x'), { body: Buffer.from('x') })
  })
})

const hmac = (text: string, encoding: 'hex' | 'base64'): string => createHmac('sha256', secretBytes).update(text).digest(encoding)

/** Webhooks signed by hand, with a body or without. */
const webhooks: readonly { name: string; scheme: Scheme; headersFor: (body: string) => Record<string, string> }[] = [
  { name: 'github', scheme: shipped.github, headersFor: body => ({ 'x-hub-signature-256': `sha256=${hmac(body, 'hex')}` }) },
  { name: 'shopify', scheme: shipped.shopify, headersFor: body => ({ 'x-shopify-hmac-sha256': hmac(body, 'base64') }) },
  {
    name: 'stripe',
    scheme: shipped.stripe,
    headersFor: body => ({ 'stripe-signature': `t=${SECONDS},v1=${hmac(`${SECONDS}.${body}`, 'hex')}` }),
  },
  {
    name: 'slack',
    scheme: shipped.slack,
    headersFor: body => ({
      'x-slack-request-timestamp': String(SECONDS),
      'x-slack-signature': `v0=${hmac(`v0:${SECONDS}:${body}`, 'hex')}`,
    }),
  },
  {
    name: 'standard-webhooks',
    scheme: shipped.standardWebhooks,
    headersFor: body => ({
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(SECONDS),
      'webhook-signature': `v1,${hmac(`msg_1.${SECONDS}.${body}`, 'base64')}`,
    }),
  },
]

describe.each(webhooks)('a webhook of $name', ({ scheme, headersFor }) => {
  const body = '{"event":"paid"}'
  const { verify } = verifierOf(scheme)
  const send = async (method: string, sent: string): Promise<string> =>
    codeOf(await verify({ method, target: '/hooks/1', headers: headersFor(sent), body: sent === '' ? undefined : Buffer.from(sent) }))

  it('is a POST with a body, at any path', async () => {
    expect(await send('POST', body)).toBe('accepted')
    const other = { method: 'POST', target: '/other?x=1', headers: headersFor(body), body: Buffer.from(body) }
    expect(codeOf(await verify(other))).toBe('accepted')
  })

  it.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS'])('is no %s', async method => {
    expect(await send(method, body)).not.toBe('accepted')
  })

  it.each(['GET', 'HEAD', 'DELETE', 'POST'])('is no %s without a body', async method => {
    expect(await send(method, '')).not.toBe('accepted')
  })

  it('is no GET with one', async () => {
    expect(await send('GET', body)).not.toBe('accepted')
  })
})

/** Which of method, path and query a scheme does not sign, in every call or in some; the others sign all three. */
const UNSIGNED: { readonly [scheme: string]: readonly string[] } = {
  binance: ['method', 'path'],
  bybit: ['method', 'path', 'query'],
  github: ['method', 'path', 'query'],
  kraken: ['method', 'query'],
  'qredo-partner': ['method'],
  shopify: ['method', 'path', 'query'],
  slack: ['method', 'path', 'query'],
  'standard-webhooks': ['method', 'path', 'query'],
  stripe: ['method', 'path', 'query'],
}

/** The parts of which a warning says that they are not signed. */
function namedParts(scheme: Scheme): readonly string[] {
  const warnings = schemeWarnings(scheme)
  return ['method', 'path', 'query'].filter(part =>
    warnings.some(warning => new RegExp(`^The ${part}\\b.* is not signed, so`).test(warning)),
  )
}

describe('the warnings name what is not signed of method, path and query, and nothing else', () => {
  it.each(shipped.SCHEMES)('for $name', scheme => {
    expect(namedParts(scheme)).toEqual(UNSIGNED[scheme.name] ?? [])
  })
})
