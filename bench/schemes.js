import { createHash, createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { sign as octokitSign, verify as octokitVerify } from '@octokit/webhooks-methods'
import { SignatureV4 } from '@smithy/signature-v4'
import aws4 from 'aws4'
import { AwsV4Signer } from 'aws4fetch'
import { createSigner, createVerifier, memoryKeys } from 'countersign'
import { github, rfc9421, standardWebhooks, stripe } from 'countersign/schemes'
import { sigV4 } from 'countersign/sigv4'
import { createSigner as createMessageSigner, createVerifier as createMessageVerifier, httpbis } from 'http-message-signatures'
import { Webhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { compare, print } from './rounds.js'

const event = JSON.stringify({
  id: 'evt_1',
  object: 'event',
  type: 'payment.succeeded',
  data: { amount: 1000, currency: 'eur', note: 'x'.repeat(150) },
})
const eventBytes = Buffer.from(event)

/** What a library may cost at most, as a part of what its peer does: the aims of each comparison. */
const TWICE = 0.5
const FOUR_TIMES = 0.25
const LEVEL = 1.05

export async function run() {
  await awsSigV4()
  await messageSignatures()
  await webhooks()
}

async function awsSigV4() {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: randomBytes(30).toString('base64') }
  const place = { region: 'us-east-1', service: 'execute-api' }
  const host = 'api.execute-api.us-east-1.amazonaws.com'
  const signer = createSigner(sigV4(place), { keyId: credentials.accessKeyId, secret: credentials.secretAccessKey })
  const smithy = new SignatureV4({ ...place, credentials, sha256: NodeSha256 })
  const headers = { 'content-type': 'application/json' }
  const rows = await compare({
    aws4: () => aws4.sign({ ...place, host, method: 'POST', path: '/orders?limit=10', body: event, headers: { ...headers } }, credentials),
    aws4fetch: () =>
      new AwsV4Signer({ ...credentials, ...place, method: 'POST', url: `https://${host}/orders?limit=10`, headers, body: event }).sign(),
    '@smithy/signature-v4': () =>
      smithy.sign({
        method: 'POST',
        protocol: 'https:',
        hostname: host,
        path: '/orders',
        query: { limit: '10' },
        headers: { ...headers, host },
        body: event,
      }),
    'countersign sign': () => signer.sign({ method: 'POST', url: `https://${host}/orders?limit=10`, headers, body: event }),
  })
  print('sign, AWS SigV4, 250-byte body', rows, { 'countersign sign': TWICE })
}

/** The hash that the AWS SDK uses on Node. */
class NodeSha256 {
  constructor(secret) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret)
  }
  update(data) {
    this.hash.update(data)
  }
  digest() {
    return Promise.resolve(new Uint8Array(this.hash.digest()))
  }
}

async function messageSignatures() {
  const secret = randomBytes(32)
  const origin = 'https://api.example.com'
  const key = createSecretKey(secret)
  const digest = `sha-256=:${createHash('sha256').update(eventBytes).digest('base64')}:`
  const signer = createSigner(rfc9421, { keyId: 'key-1', secret })
  const request = {
    method: 'POST',
    url: `${origin}/orders?limit=10`,
    headers: { host: 'api.example.com', 'content-type': 'application/json', 'content-digest': digest },
  }
  const fields = ['@method', '@target-uri', 'content-digest']
  const params = ['created', 'keyid', 'nonce']
  const peerKey = createMessageSigner(secret, 'hmac-sha256', 'key-1')
  let nonce = 0
  // Both make the digest: the peer is handed it, as its users have to make it by themselves.
  const peerSign = () => {
    const made = `sha-256=:${createHash('sha256').update(eventBytes).digest('base64')}:`
    return httpbis.signMessage(
      { key: peerKey, fields, params, paramValues: { nonce: String(nonce++) } },
      { ...request, headers: { ...request.headers, 'content-digest': made } },
    )
  }
  const signing = await compare({
    'http-message-signatures': peerSign,
    'countersign sign': () => signer.sign({ method: 'POST', url: request.url, body: eventBytes }),
  })
  print('sign, RFC 9421, hmac-sha256', signing, { 'countersign sign': FOUR_TIMES })

  const signed = await peerSign()
  const verifier = createVerifier(rfc9421, {
    origin,
    keys: memoryKeys(rfc9421, [{ id: 'key-1', secret }]),
    replay: 'off',
    toleranceMs: 3_600_000,
  })
  const incoming = { method: 'POST', target: '/orders?limit=10', headers: Object.entries(signed.headers).flat(), body: eventBytes }
  const checked = await verifier.verify(incoming)
  if (!checked.ok) throw new Error(`the benchmark's own request is refused: ${checked.failure.code}`)
  const verify = createMessageVerifier(key, 'hmac-sha256')
  const keyLookup = async () => ({ id: 'key-1', algs: ['hmac-sha256'], verify })
  const verifying = await compare({
    'http-message-signatures': async () => {
      // The peer does not look at the body; its users compare the digest.
      if (`sha-256=:${createHash('sha256').update(eventBytes).digest('base64')}:` !== signed.headers['content-digest'])
        throw new Error('digest')
      return httpbis.verifyMessage({ keyLookup }, signed)
    },
    'countersign verify': () => verifier.verify(incoming),
  })
  print('verify, RFC 9421, hmac-sha256', verifying, { 'countersign verify': FOUR_TIMES })
}

async function webhooks() {
  const secret = `whsec_${randomBytes(24).toString('base64')}`
  const id = 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W'
  const url = 'https://example.com/hook'
  const now = Math.floor(Date.now() / 1000)
  const options = { origin: 'https://example.com', keyId: 'hook', replay: 'off', toleranceMs: 3_600_000 }
  const verifierOf = scheme =>
    createVerifier(scheme, {
      ...options,
      ...(scheme === github ? { replay: undefined } : {}),
      keys: memoryKeys(scheme, [{ id: 'hook', secret }]),
    })

  const webhook = new Webhook(secret)
  const standard = createSigner(standardWebhooks, { secret }, { parameters: { messageId: id } })
  print(
    'sign, Standard Webhooks',
    await compare({
      standardwebhooks: () => webhook.sign(id, new Date(), event),
      'countersign sign': () => standard.sign({ method: 'POST', url, body: event }),
    }),
    { 'countersign sign': TWICE },
  )
  const hook = standard.sign({ method: 'POST', url, body: event }).headers
  const verifyStandard = verifierOf(standardWebhooks)
  const standardRequest = { method: 'POST', target: '/hook', headers: hook, body: eventBytes }
  print(
    'verify, Standard Webhooks',
    await compare({
      standardwebhooks: () => webhook.verify(event, hook),
      'countersign verify': () => verifyStandard.verify(standardRequest),
    }),
    { 'countersign verify': TWICE },
  )

  const stripeSigner = createSigner(stripe, { secret })
  const stripeWebhooks = new Stripe('sk_test_none').webhooks
  print(
    'sign, Stripe',
    await compare({
      stripe: () => stripeWebhooks.generateTestHeaderString({ payload: event, secret, timestamp: now }),
      'countersign sign': () => stripeSigner.sign({ method: 'POST', url, body: event }),
    }),
    { 'countersign sign': TWICE },
  )
  const stripeHeaders = stripeSigner.sign({ method: 'POST', url, body: event }).headers
  const verifyStripe = verifierOf(stripe)
  const stripeRequest = { method: 'POST', target: '/hook', headers: stripeHeaders, body: eventBytes }
  const { signature } = stripeWebhooks
  print(
    'verify, Stripe',
    await compare({
      stripe: () => signature.verifyHeader(event, stripeHeaders['stripe-signature'], secret, 3600),
      'countersign verify': () => verifyStripe.verify(stripeRequest),
    }),
    { 'countersign verify': TWICE },
  )

  const githubSigner = createSigner(github, { secret })
  print(
    'sign, GitHub',
    await compare({
      '@octokit/webhooks-methods': () => octokitSign(secret, event),
      'countersign sign': () => githubSigner.sign({ method: 'POST', url, body: event }),
    }),
    { 'countersign sign': LEVEL },
  )
  const githubHeaders = githubSigner.sign({ method: 'POST', url, body: event }).headers
  const verifyGithub = verifierOf(github)
  const githubRequest = { method: 'POST', target: '/hook', headers: githubHeaders, body: eventBytes }
  print(
    'verify, GitHub',
    await compare({
      '@octokit/webhooks-methods': () => octokitVerify(secret, event, githubHeaders['x-hub-signature-256']),
      'countersign verify': () => verifyGithub.verify(githubRequest),
    }),
    { 'countersign verify': LEVEL },
  )
}
