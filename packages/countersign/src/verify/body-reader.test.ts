import { createHash, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { httpMessageSignatures } from '../bases/http-signatures/index.ts'
import { crypto as platform } from '../crypto/node.ts'
import { credentialsFor, NOW, ORIGIN, place, secret } from '../faults/scene.ts'
import { type CryptoProvider, createSigner, createVerifier, memoryKeys, type Scheme } from '../index.ts'
import { SCHEMES } from '../schemes/index.ts'
import { type Message, messageBytes } from '../wire/message.ts'
import type { BodyReader } from './body-reader.ts'
import type { Refusal } from './types.ts'

const pair = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const both = httpMessageSignatures({ name: 'rfc9421-sha-512', digest: 'sha-512' })
const all: readonly Scheme[] = [...SCHEMES, both]
const schemes = all.map(scheme => [scheme.name, scheme] as const)
/** Those that take only GET unless the verifier says otherwise. */
const ONLY_GET = ['binance', 'bybit', 'qredo-partner']
const HONEST = 'a=1&nonce=1764000000000'

function verifierOf(scheme: Scheme, has: 'the key' | 'no key', onRefused?: (refusal: Refusal) => void, crypto: CryptoProvider = platform) {
  const key = scheme.keys === 'key-pair' ? { publicKey: pair.publicKey } : { secret: Buffer.alloc(40, 9).toString('base64') }
  const keys = memoryKeys(scheme, has === 'no key' ? [] : [{ id: 'k', ...key, ...(scheme.hasPassphrase ? { passphrase: 'p' } : {}) }])
  return createVerifier(scheme, {
    origin: ORIGIN,
    keys,
    clock: () => NOW,
    onRefused,
    crypto,
    ...(scheme.keyId === 'none' ? { keyId: 'k' } : {}),
    ...(ONLY_GET.includes(scheme.name) ? { only: { methods: ['POST'], paths: 'any' } } : {}),
  })
}

/** What is hashed by it. */
function countedPlatform() {
  const count = { bytes: 0 }
  const counted = (message: Message): Message => {
    count.bytes += messageBytes(message).length
    return message
  }
  const crypto: CryptoProvider = {
    ...platform,
    hash: (digest, message) => platform.hash(digest, counted(message)),
    hashText: (digest, message, encoding) => platform.hashText(digest, counted(message), encoding),
    hmac(digest, key, encoding) {
      const sign = platform.hmac(digest, key, encoding)
      return message => sign(counted(message))
    },
    keyPairVerify(algorithm, pem) {
      const verify = platform.keyPairVerify(algorithm, pem)
      return (message, signature) => verify(counted(message), signature)
    },
  }
  return { crypto, count }
}

/** As it is signed, by somebody who has not the key. */
function callOf(scheme: Scheme) {
  const parameters = scheme.name.startsWith('aws') ? { parameters: place } : {}
  const signer = createSigner(scheme, credentialsFor(scheme, pair.privateKey), {
    clock: () => NOW,
    allow: ['ambiguous-request'],
    ...parameters,
  })
  const contentType = { 'content-type': 'application/x-www-form-urlencoded' }
  const { method, url, headers, body } = signer.sign({ method: 'POST', url: `${ORIGIN}/x`, headers: contentType, body: HONEST })
  return { request: { method, target: url.slice(ORIGIN.length), headers: { host: 'api.example.com', ...headers } }, body }
}

/** A reader that keeps nothing of what is not wanted, and what it did. */
function readerOf(text: string | undefined) {
  const bytes = text === undefined ? undefined : Buffer.from(text)
  const done: { wanted?: boolean } = {}
  const reader: BodyReader = async (_maxBytes, use) => {
    done.wanted = await use.isWanted()
    if (done.wanted || bytes === undefined) return bytes
    const digests = new Map(use.digests.map(digest => [digest, createHash(digest).update(bytes).digest()]))
    return { standIn: new Uint8Array(bytes.length), digests }
  }
  return { reader, done }
}

describe.each(schemes)('a body of %s that nobody has a key for', (_name, scheme) => {
  const { request, body = HONEST } = callOf(scheme)
  const text = typeof body === 'string' ? body : Buffer.from(body).toString()

  it.each([
    ['as it was signed', text],
    ['changed', `${text}&b=2`],
    ['left out', undefined],
  ])('is answered as with a key and a wrong signature, and as if it had been kept: %s', async (_what, sent) => {
    const outcomeOf = async (has: 'the key' | 'no key', given: BodyReader): Promise<string> => {
      const result = await verifierOf(scheme, has).verify({ ...request, body: given })
      return result.ok ? 'accepted' : result.failure.code.replace('unknown-key', 'bad-signature')
    }
    const kept: BodyReader = async () => (sent === undefined ? undefined : Buffer.from(sent))
    const dropping = readerOf(sent)
    const outcome = await outcomeOf('no key', dropping.reader)
    expect(outcome).not.toBe('accepted')
    expect(outcome).toBe(await outcomeOf('no key', kept))
    // Of a key pair, the signature is right.
    if (scheme.keys !== 'key-pair') expect(outcome).toBe(await outcomeOf('the key', kept))
  })

  it('is not wanted, unless what the call says of itself stands in it', async () => {
    const { reader, done } = readerOf(text)
    const refusals: Refusal[] = []
    await verifierOf(scheme, 'no key', refusal => refusals.push(refusal)).verify({ ...request, body: reader })
    const isInBody = scheme.base === undefined && 'carriers' in scheme && JSON.stringify(scheme.carriers).includes('"in":"form"')
    expect(done.wanted).toBe(isInBody)
    expect(refusals).toMatchObject([{ body: isInBody ? expect.anything() : 'unread' }])
  })

  it('costs as many hashed bytes as one that was kept', async () => {
    const long = `${text}&${'c'.repeat(100_000)}`
    const bytesFor = async (reader: BodyReader): Promise<number> => {
      const { crypto, count } = countedPlatform()
      await verifierOf(scheme, 'no key', undefined, crypto).verify({ ...request, body: reader })
      return count.bytes
    }
    const [dropped, kept] = [await bytesFor(readerOf(long).reader), await bytesFor(async () => Buffer.from(long))]
    // A decoy's passphrase is of random bytes, which are some more as text.
    expect(Math.abs(dropped - kept)).toBeLessThan(1000)
  })

  it('is wanted with a key, whatever the signature', async () => {
    const { reader, done } = readerOf(text)
    await verifierOf(scheme, 'the key').verify({ ...request, body: reader })
    expect(done.wanted).toBe(true)
  })
})

describe('a body that was dropped', () => {
  const [, scheme] = schemes.find(([name]) => name === 'qredo-v1') ?? schemes[0] ?? []
  if (scheme === undefined) throw new Error('There are no schemes.')
  const { request } = callOf(scheme)

  it('is never taken, not even with a key that was made while it came', async () => {
    let asked = 0
    const holder = memoryKeys(scheme, [{ id: 'k', secret }])
    const keys = { ...holder, find: (id: string) => (asked++ === 0 ? undefined : holder.find(id)) }
    const signed = createSigner(scheme, { keyId: 'k', secret }, { clock: () => NOW, allow: ['ambiguous-request'] }).sign({
      method: 'POST',
      url: `${ORIGIN}/x`,
      body: '\0',
    })
    const { verify } = createVerifier(scheme, { origin: ORIGIN, keys, clock: () => NOW })
    // The stand-in has the very bytes that were signed.
    const result = await verify({ ...request, headers: signed.headers, body: readerOf('\0').reader })
    expect(result).toMatchObject({ ok: false, failure: { code: 'unknown-key' } })
    expect(asked).toBe(2)
  })

  it('is kept where the source of keys does not answer', async () => {
    let asked = 0
    const holder = memoryKeys(scheme, [{ id: 'k', secret }])
    const find = (id: string) => {
      if (asked++ === 0) throw new Error('away')
      return holder.find(id)
    }
    const { reader, done } = readerOf(HONEST)
    const signed = createSigner(scheme, { keyId: 'k', secret }, { clock: () => NOW, allow: ['ambiguous-request'] }).sign({
      method: 'POST',
      url: `${ORIGIN}/x`,
      body: HONEST,
    })
    const { verify } = createVerifier(scheme, { origin: ORIGIN, keys: { ...holder, find }, clock: () => NOW, allow: ['ambiguous-request'] })
    expect(await verify({ ...request, headers: signed.headers, body: reader })).toMatchObject({ ok: true })
    expect(done.wanted).toBe(true)
  })
})
