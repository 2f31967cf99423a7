import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Algorithm } from '../algorithm.ts'
import { crypto as node } from '../crypto/node.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { defineScheme } from '../define.ts'
import { createKey, type Key } from '../keys.ts'
import type { SchemeTypes } from '../scheme-types.ts'
import { awsSigV4, kucoin, qredoV1, rfc9421 } from '../schemes/index.ts'
import { createSigner } from '../sign.ts'
import { createVerifier, type IncomingRequest } from '../verify.ts'
import { readPublicKey } from './public-key.ts'

const NOW = 1_764_000_000_000
const ORIGIN = 'https://api.example.com'
const secret = Buffer.alloc(40, 5)

/** A key pair, both halves in PEM. */
function pair(type: 'ed25519' | 'p256' | 'p384' | `rsa${number}`) {
  const { publicKey, privateKey } =
    type === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : type === 'p256' || type === 'p384'
        ? generateKeyPairSync('ec', { namedCurve: type === 'p256' ? 'P-256' : 'P-384' })
        : generateKeyPairSync('rsa', { modulusLength: Number(type.slice(3)) })
  return {
    publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })),
    privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  }
}

/** A provider that writes down which work it was asked for: the algorithm, and how long the key's signatures are. */
function recording(): { crypto: CryptoProvider; work: string[] } {
  const work: string[] = []
  const crypto: CryptoProvider = {
    ...node,
    hmac(digest, key, encoding) {
      const sign = node.hmac(digest, key, encoding)
      return message => {
        work.push(`hmac ${digest}`)
        return sign(message)
      }
    },
    keyPairVerify(algorithm, pem) {
      const verify = node.keyPairVerify(algorithm, pem)
      return (message, signature) => {
        work.push(`${algorithm} ${readPublicKey(pem).signatureBytes}`)
        return verify(message, signature)
      }
    },
  }
  return { crypto, work }
}

/** What is worked out for a call with this signature, when the key is known and when it is not. */
async function workFor(key: Key, request: IncomingRequest, algorithms: readonly Algorithm[] | undefined) {
  const done: string[][] = []
  for (const found of [key, undefined]) {
    const { crypto, work } = recording()
    const { verify } = createVerifier(rfc9421, { origin: ORIGIN, keys: { find: () => found, algorithms }, crypto, clock: () => NOW })
    const result = await verify(request)
    expect(result).toMatchObject({ ok: false, failure: { code: found === undefined ? 'unknown-key' : 'bad-signature' } })
    done.push(work)
  }
  return done
}

describe('an unknown key', () => {
  it.each(['ed25519', 'p256', 'p384', 'rsa2048', 'rsa2056', 'rsa2304', 'rsa2560', 'rsa4096'] as const)(
    'costs the work that a known one with a wrong signature costs: %s',
    async type => {
      const keys = pair(type)
      const other = pair(type)
      const key = createKey(rfc9421, { id: 'k', publicKey: keys.publicKey })
      const signed = createSigner(rfc9421, { keyId: 'k', privateKey: other.privateKey }, { clock: () => NOW }).sign({
        method: 'POST',
        url: `${ORIGIN}/x`,
        body: '{}',
      })
      const request = { method: 'POST', target: '/x', headers: signed.headers, body: signed.body }
      const [known, unknown] = await workFor(key, request, [key.algorithm])
      expect(known).toHaveLength(1)
      expect(unknown).toEqual(known)
    },
  )

  it('checks a signature as long as a key of RSA may have, by a key of that very length', async () => {
    const { crypto, work } = recording()
    const { verify } = createVerifier(rfc9421, {
      origin: ORIGIN,
      keys: { find: () => undefined, algorithms: ['rsa-pss-sha512'] },
      crypto,
      clock: () => NOW,
    })
    const { headers } = createSigner(rfc9421, { keyId: 'k', secret }, { clock: () => NOW }).sign({ method: 'GET', url: `${ORIGIN}/x` })
    for (const [presented, length] of [
      [1, 256],
      [255, 256],
      [256, 256],
      [257, 257],
      [320, 320],
      [511, 511],
      [768, 768],
      [1023, 1023],
      [1024, 1024],
      [1025, 1024],
    ] as const) {
      work.length = 0
      const signature = `sig=:${Buffer.alloc(presented, 1).toString('base64')}:`
      await verify({ method: 'GET', target: '/x', headers: { ...headers, signature } })
      expect([presented, ...work]).toEqual([presented, `rsa-pss-sha512 ${length}`])
    }
  })

  it('costs the work of some algorithm with that length, and for one id always the same', async () => {
    const signed = createSigner(rfc9421, { keyId: 'k', privateKey: pair('ed25519').privateKey }, { clock: () => NOW }).sign({
      method: 'GET',
      url: `${ORIGIN}/x`,
    })
    const { crypto, work } = recording()
    const { verify } = createVerifier(rfc9421, { origin: ORIGIN, keys: { find: () => undefined }, crypto, clock: () => NOW })
    const seen = new Set<string>()
    for (let id = 0; id < 40; id++) {
      const headers = { ...signed.headers, 'signature-input': (signed.headers['signature-input'] ?? '').replace('"k"', `"k${id}"`) }
      work.length = 0
      for (const _ of [1, 2]) await verify({ method: 'GET', target: '/x', headers })
      expect(work[0]).toBe(work[1])
      expect(['ed25519 64', 'ecdsa-p256-sha256 64', 'hmac sha512']).toContain(work[0])
      seen.add(work[0] ?? '')
    }
    expect(seen.size).toBeGreaterThan(1)
  })

  it.each([
    ['HMAC', qredoV1, {}],
    ['HMAC and a passphrase', kucoin, { passphrase: 'a passphrase' }],
    ['a derived key', awsSigV4, {}],
  ] as const)('costs what a known one costs: %s', async (_what, scheme, more) => {
    const signer = createSigner<SchemeTypes>(
      scheme,
      { keyId: 'k', secret: Buffer.alloc(40, 6), ...more },
      {
        clock: () => NOW,
        parameters: scheme === awsSigV4 ? { region: 'eu-west-1', service: 'execute-api' } : {},
      },
    )
    const signed = signer.sign({ method: 'POST', url: `${ORIGIN}/x`, body: '{}' })
    const key = createKey(scheme, { id: 'k', secret, ...more })
    const counts: number[] = []
    for (const found of [key, undefined]) {
      const { crypto, work } = recording()
      const { verify } = createVerifier(scheme, { origin: ORIGIN, keys: { find: () => found }, crypto, clock: () => NOW })
      await verify({ method: 'POST', target: '/x', headers: signed.headers, body: signed.body })
      counts.push(work.length)
    }
    expect(counts[0]).toBeGreaterThan(0)
    expect(counts[1]).toBe(counts[0])
  })
})

describe('a key', () => {
  it('is as good as none where the length or the label of the signature is not its own', async () => {
    const keys = pair('ed25519')
    const key = createKey(rfc9421, { id: 'k', publicKey: keys.publicKey })
    const { crypto, work } = recording()
    const { verify } = createVerifier(rfc9421, { origin: ORIGIN, keys: { find: () => key }, crypto, clock: () => NOW })
    const signed = createSigner(rfc9421, { keyId: 'k', secret }, { clock: () => NOW }).sign({ method: 'GET', url: `${ORIGIN}/x` })
    expect(await verify({ method: 'GET', target: '/x', headers: signed.headers })).toMatchObject({ failure: { code: 'bad-signature' } })
    expect(work).toEqual(['hmac sha256'])
  })

  it('accepts its call once, however many of its secrets could have signed it', async () => {
    const key = createKey(qredoV1, { id: 'k', secrets: [secret, Buffer.alloc(40, 6)] })
    const ids: string[] = []
    const { verify } = createVerifier(qredoV1, {
      origin: ORIGIN,
      keys: { find: () => key },
      clock: () => NOW,
      replay: {
        claim(id) {
          const isSeen = ids.includes(id)
          ids.push(id)
          return isSeen ? 'seen' : 'fresh'
        },
      },
    })
    const send = (from: Uint8Array) => {
      const signed = createSigner(qredoV1, { keyId: 'k', secret: from }).sign({
        method: 'POST',
        url: `${ORIGIN}/x`,
        body: '{}',
        timestamp: String(NOW),
      })
      return verify({ method: 'POST', target: '/x', headers: signed.headers, body: signed.body })
    }
    expect(await send(secret)).toMatchObject({ ok: true })
    expect(new Set(ids).size).toBe(2)
    expect(await send(Buffer.alloc(40, 6))).toMatchObject({ failure: { code: 'replayed' } })
  })

  it('has a call id that does not show the signature, where anyone could make another one of it', async () => {
    const scheme = defineScheme({
      name: 'ec',
      title: 'ECDSA',
      algorithm: 'ecdsa-p256-sha256',
      timestamp: { formats: ['milliseconds'] },
      message: '{timestamp}\n{method}\n{url}\n{body}',
      signature: { encoding: 'base64url' },
      headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}', 'x-sign': '{signature}' },
    })
    const keys = pair('p256')
    const ids: string[] = []
    const { verify } = createVerifier(scheme, {
      origin: ORIGIN,
      keys: { find: () => createKey(scheme, { id: 'k', publicKey: keys.publicKey }) },
      clock: () => NOW,
      replay: {
        claim(id) {
          ids.push(id)
          return 'fresh'
        },
      },
    })
    const signer = createSigner(scheme, { keyId: 'k', privateKey: keys.privateKey }, { clock: () => NOW })
    const send = async () => {
      const signed = signer.sign({ method: 'POST', url: `${ORIGIN}/x`, body: '{}' })
      expect(await verify({ method: 'POST', target: '/x', headers: signed.headers, body: signed.body })).toMatchObject({ ok: true })
      return signed.headers['x-sign']
    }
    // ECDSA signs with a random number: two signatures of one message, one call.
    expect(await send()).not.toBe(await send())
    expect(ids[0]).toBe(ids[1])
  })
})
