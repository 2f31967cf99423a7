import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { draftSignatures } from '../bases/draft-signatures/index.ts'
import { httpMessageSignatures } from '../bases/http-signatures/index.ts'
import { ALGORITHMS, type Algorithm } from '../crypto/algorithm.ts'
import { createReducer } from '../crypto/modulus.ts'
import { crypto as node } from '../crypto/node.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { defineScheme } from '../define/define.ts'
import type { SchemeDeclaration } from '../scheme/declaration.ts'
import type { TimelyClaim } from '../scheme/plan.ts'
import type { Scheme } from '../scheme/scheme.ts'
import type { SchemeTypes } from '../scheme/scheme-types.ts'
import { awsSigV4, kucoin, qredoPartner, qredoV1, rfc9421 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier, type IncomingRequest } from '../verify/verify.ts'
import { createKey, type Key, memoryKeys } from './key.ts'
import { createProver } from './prove.ts'
import { readPublicKey } from './public-key.ts'

const NOW = 1_764_000_000_000
const ORIGIN = 'https://api.example.com'
const secret = Buffer.alloc(40, 5)

/** A key pair, both halves in PEM: one of each kind, since RSA's take long to make. */
function pair(type: 'ed25519' | 'p256' | 'p384' | 'rsa2048') {
  const made = PAIRS.get(type) ?? makePair(type)
  PAIRS.set(type, made)
  return made
}

const PAIRS = new Map<string, ReturnType<typeof makePair>>()

/** The public key of a modulus of so many bits, which is odd but no product of two primes; nothing here needs one. */
function rsaPublicKey(bits: number): KeyObject {
  const modulus = Buffer.alloc(Math.ceil(bits / 8), 0xa5)
  modulus[0] = (0xa5 | 0x80) >> (modulus.length * 8 - bits)
  return createPublicKey({ key: { kty: 'RSA', n: modulus.toString('base64url'), e: 'AQAB' }, format: 'jwk' })
}

function makePair(type: 'ed25519' | 'p256' | 'p384' | 'rsa2048') {
  const { publicKey, privateKey } =
    type === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : type === 'p256' || type === 'p384'
        ? generateKeyPairSync('ec', { namedCurve: type === 'p256' ? 'P-256' : 'P-384' })
        : generateKeyPairSync('rsa', { modulusLength: 2048 })
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
  it.each(['ed25519', 'p256', 'p384', 2048, 2056, 2304, 2560, 4096] as const)(
    'costs the work that a known one with a wrong signature costs: %s',
    async type => {
      const publicKey = typeof type === 'number' ? String(rsaPublicKey(type).export({ type: 'spki', format: 'pem' })) : pair(type).publicKey
      const key = createKey(rfc9421, { id: 'k', publicKey })
      const signed = createSigner(rfc9421, { keyId: 'k', secret }, { clock: () => NOW }).sign({
        method: 'POST',
        url: `${ORIGIN}/x`,
        body: '{}',
      })
      const signature = `sig=:${Buffer.alloc(key.signatureBytes, 1).toString('base64')}:`
      const request = { method: 'POST', target: '/x', headers: { ...signed.headers, signature }, body: signed.body }
      const [known, unknown] = await workFor(key, request, [key.algorithm])
      expect(known).toHaveLength(2)
      expect(unknown).toEqual(known)
    },
  )

  it('is checked by a key of RSA that is as long as the signature, where one may be', async () => {
    const { crypto, work } = recording()
    const { verify } = createVerifier(rfc9421, {
      origin: ORIGIN,
      keys: { find: () => undefined, algorithms: ['rsa-pss-sha512'] },
      crypto,
      clock: () => NOW,
    })
    const { headers } = createSigner(rfc9421, { keyId: 'k', secret }, { clock: () => NOW }).sign({ method: 'GET', url: `${ORIGIN}/x` })
    for (const presented of [1, 255, 256, 257, 320, 511, 768, 1023, 1024, 1025]) {
      work.length = 0
      const signature = `sig=:${Buffer.alloc(presented, 1).toString('base64')}:`
      await verify({ method: 'GET', target: '/x', headers: { ...headers, signature } })
      expect(work).toEqual(presented < 256 || presented > 1024 ? [] : Array(2).fill(`rsa-pss-sha512 ${presented}`))
    }
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

  it.each([
    ['one secret', [secret]],
    ['two secrets', [secret, Buffer.alloc(40, 6)]],
  ] as const)('costs what a known one with %s costs', async (_what, secrets) => {
    const { headers } = createSigner(qredoV1, { keyId: 'k', secret: Buffer.alloc(40, 7) }, { clock: () => NOW }).sign({
      method: 'GET',
      url: `${ORIGIN}/x`,
    })
    const counts: number[] = []
    for (const found of [createKey(qredoV1, { id: 'k', secrets }), undefined]) {
      const { crypto, work } = recording()
      const { verify } = createVerifier(qredoV1, { origin: ORIGIN, keys: { find: () => found }, crypto, clock: () => NOW })
      await verify({ method: 'GET', target: '/x', headers })
      counts.push(work.length)
    }
    expect(counts).toEqual([2, 2])
  })

  it('costs what a known one costs whose derived keys are kept, and one whose are not', async () => {
    const key = createKey(awsSigV4, { id: 'k', secret })
    const signed = (own: Uint8Array, region: string) =>
      createSigner(awsSigV4, { keyId: 'k', secret: own }, { clock: () => NOW, parameters: { region, service: 'execute-api' } }).sign({
        method: 'GET',
        url: `${ORIGIN}/x`,
      }).headers
    const counts: number[] = []
    for (const found of [key, undefined]) {
      const { crypto, work } = recording()
      const { verify } = createVerifier(awsSigV4, { origin: ORIGIN, keys: { find: () => found }, crypto, clock: () => NOW, replay: 'off' })
      // Nobody's call is kept but that of the key's owner.
      for (const headers of [signed(Buffer.alloc(40, 9), 'eu-west-1'), signed(secret, 'eu-west-1')])
        await verify({ method: 'GET', target: '/x', headers })
      for (const region of ['eu-west-1', 'eu-west-1', 'us-east-1', 'us-east-1']) {
        work.length = 0
        await verify({ method: 'GET', target: '/x', headers: signed(Buffer.alloc(40, 9), region) })
        counts.push(work.length)
      }
      work.length = 0
      await verify({ method: 'GET', target: '/x', headers: signed(secret, 'eu-west-1') })
      if (found !== undefined) expect(work).toHaveLength(1)
    }
    expect(new Set(counts)).toEqual(new Set([10]))
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
    expect(work).toEqual(['hmac sha256', 'hmac sha256'])
  })

  it('accepts its call once, however many of its secrets could have signed it', async () => {
    const key = createKey(qredoV1, { id: 'k', secrets: [secret, Buffer.alloc(40, 6)] })
    const ids: string[] = []
    const { verify } = createVerifier(qredoV1, {
      origin: ORIGIN,
      keys: { find: () => key },
      clock: () => NOW,
      replay: {
        claim({ id }) {
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
        claim({ id }) {
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

describe('the work for a wrong signature', () => {
  const labels = [undefined, 'none of ours', ...ALGORITHMS]
  const lengths = [1, 20, 32, 33, 48, 64, 96, 255, 256, 320, 1025]
  const sources: readonly (readonly Algorithm[] | undefined)[] = [
    undefined,
    [],
    ['ed25519', 'hmac-sha512'],
    ['rsa-pss-sha512', 'hmac-sha256'],
  ]

  it.each(['ed25519', 'p256', 'p384', 'rsa2048', 'hmac-sha256', 'hmac-sha512'] as const)(
    'is that of its length and its label, for a key of %s and for an unknown one',
    async kind => {
      const isHmac = kind === 'hmac-sha256' || kind === 'hmac-sha512'
      const key = createKey(rfc9421, { id: 'k', ...(isHmac ? { secret, algorithm: kind } : { publicKey: pair(kind).publicKey }) })
      const { headers } = createSigner(rfc9421, { keyId: 'k', secret }, { clock: () => NOW }).sign({ method: 'GET', url: `${ORIGIN}/x` })
      for (const algorithms of sources.filter(some => some === undefined || some.length === 0 || some.includes(key.algorithm))) {
        const [known, unknown] = [key, undefined].map(found => {
          const { crypto, work } = recording()
          const { verify } = createVerifier(rfc9421, { origin: ORIGIN, keys: { find: () => found, algorithms }, crypto, clock: () => NOW })
          return { work, verify }
        })
        for (const label of labels) {
          for (const length of lengths) {
            const input = String(headers['signature-input']) + (label === undefined ? '' : `;alg="${label}"`)
            const signature = `sig=:${Buffer.alloc(length, 1).toString('base64')}:`
            const call = { method: 'GET', target: '/y', headers: { ...headers, 'signature-input': input, signature } }
            const done: string[][] = []
            for (const side of [known, unknown]) {
              side?.work.splice(0)
              expect(await side?.verify(call)).toMatchObject({ ok: false })
              // RSA takes as long whatever is made of the message.
              done.push((side?.work ?? []).map(one => one.replace(/^rsa-[^ ]*/, 'rsa')).sort())
            }
            expect(done[0], `${label} ${length}`).toEqual(done[1])
            if (length === key.signatureBytes && label === undefined) expect(done[0]).not.toEqual([])
          }
        }
      }
    },
  )
})

describe('a passphrase that is signed', () => {
  it.each([
    ['carried as it is', { 'x-pass': '{passphrase}' }],
    ['carried signed with the secret', { 'x-pass': '{passphrase|hmac|hex}' }],
    ['not carried', {}],
  ])("is the key's, and an unknown key is refused as any other: %s", async (_how, carried) => {
    const scheme: Scheme = defineScheme({
      name: 'own',
      title: 'Own',
      algorithm: 'hmac-sha256',
      timestamp: { formats: ['seconds'] },
      message: '{timestamp}\n{method}\n{url}\n{passphrase}\n{body|sha256|hex}',
      signature: { encoding: 'hex' },
      headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}', ...carried, 'x-sig': '{signature}' },
    } as SchemeDeclaration)
    const keys = memoryKeys(scheme, [{ id: 'k', secret, passphrase: 'open sesame' }])
    const { verify } = createVerifier(scheme, { origin: ORIGIN, keys, clock: () => NOW })
    const sign = (keyId: string, passphrase: string) =>
      createSigner<SchemeTypes>(scheme, { keyId, secret, passphrase }, { clock: () => NOW }).sign({
        method: 'POST',
        url: `${ORIGIN}/x`,
        body: '{}',
      })
    const outcome = async ({ headers, body }: ReturnType<typeof sign>) => {
      const result = await verify({ method: 'POST', target: '/x', headers, body })
      return result.ok ? 'ok' : result.failure.code
    }
    const [good, wrong] = [sign('k', 'open sesame'), sign('k', 'open barley')]
    expect(await outcome(wrong)).toBe('bad-signature')
    expect(await outcome(sign('other', 'open sesame'))).toBe('unknown-key')
    for (const [one, other] of [
      [good, wrong],
      [wrong, good],
    ] as const) {
      const mixed = { ...one, headers: { ...one.headers, 'x-sig': (other.headers as { [name: string]: string })['x-sig'] ?? '' } }
      if ('x-pass' in carried) expect(await outcome(mixed)).toBe('bad-signature')
    }
    expect(await outcome(good)).toBe('ok')
  })
})

describe('a key with two public keys', () => {
  const [newest, older, stranger] = [makePair('ed25519'), makePair('p256'), makePair('ed25519')]
  const publicKeys = [newest.publicKey, older.publicKey]
  const signedBy = (privateKey: string) =>
    createSigner(rfc9421, { keyId: 'k', privateKey }, { clock: () => NOW }).sign({ method: 'GET', url: `${ORIGIN}/x` })

  it.each([
    ['the newest', newest, 0],
    ['the older', older, 1],
    ['a stranger’s', stranger, undefined],
  ] as const)('is used with %s', async (_which, { privateKey }, credential) => {
    const key = createKey(rfc9421, { id: 'k', publicKeys })
    const { verify } = createVerifier(rfc9421, { origin: ORIGIN, keys: { find: () => key }, clock: () => NOW })
    const result = await verify({ method: 'GET', target: '/x', headers: signedBy(privateKey).headers })
    expect(result.ok ? result.credential : result.failure.code).toBe(credential ?? 'bad-signature')
  })

  it('costs what an unknown key costs', async () => {
    const { headers } = signedBy(stranger.privateKey)
    for (const given of [publicKeys, [newest.publicKey, makePair('ed25519').publicKey], [older.publicKey]]) {
      const [known, unknown] = await workFor(
        createKey(rfc9421, { id: 'k', publicKeys: given }),
        { method: 'GET', target: '/x', headers },
        undefined,
      )
      expect(known?.length).toBe(unknown?.length)
    }
  })

  it('has no third one, and none beside publicKey', () => {
    const refused = expect.objectContaining({ code: 'option-invalid' })
    expect(() => createKey(rfc9421, { id: 'k', publicKeys: [...publicKeys, stranger.publicKey] })).toThrow(refused)
    expect(() => createKey(rfc9421, { id: 'k', publicKeys, publicKey: newest.publicKey })).toThrow(refused)
    expect(() => createKey(rfc9421, { id: 'k', publicKeys: 'x' as never })).toThrow(refused)
  })
})

describe('a wrong signature', () => {
  const claimOf = (length: number, label?: Algorithm, more: readonly number[] = []) => {
    const text = (bytes: number): string => Buffer.alloc(bytes, 1).toString('base64')
    const algorithms = label === undefined ? undefined : [label]
    return { signature: text(length), moreSignatures: more.map(text), algorithms } as unknown as TimelyClaim
  }

  it.each<[string, Scheme, readonly Algorithm[] | undefined, TimelyClaim, boolean]>([
    ['has the length of a secret alone', rfc9421, undefined, claimOf(32), false],
    ['has the length of a secret and of a key pair', rfc9421, undefined, claimOf(64), true],
    ['has a length that key pairs have', rfc9421, undefined, claimOf(96), true],
    ["has an RSA key's length", rfc9421, undefined, claimOf(256), true],
    ['is too short for RSA', rfc9421, undefined, claimOf(255), false],
    ['is too long for RSA', rfc9421, undefined, claimOf(1025), false],
    ['is said to be of a secret', rfc9421, undefined, claimOf(64, 'hmac-sha512'), false],
    ['is said to be of a key pair', rfc9421, undefined, claimOf(64, 'ed25519'), true],
    ['is said to be of a key pair with another length', rfc9421, undefined, claimOf(96, 'ed25519'), false],
    ['has others beside it that are costly', rfc9421, undefined, claimOf(32, undefined, [64]), true],
    ['has others beside it that are not', rfc9421, undefined, claimOf(32, undefined, [20, 33]), false],
    ['meets a key source that has secrets only', rfc9421, ['hmac-sha256', 'hmac-sha512'], claimOf(64), false],
    ['meets a key source that does not say', rfc9421, [], claimOf(64), true],
    ['is of a scheme of secrets', qredoV1, undefined, claimOf(64), false],
    ['is of a scheme of one kind of key pairs', qredoPartner, undefined, claimOf(256), true],
    ['is too short for the one kind of key pairs', qredoPartner, undefined, claimOf(64), false],
  ])('that %s: is it costly?', (_what, scheme, algorithms, claim, isCostly) => {
    expect(createProver(scheme, node, algorithms).isCostly(claim)).toBe(isCostly)
  })
})

describe('a label that contradicts', () => {
  it('is refused where all else is right', async () => {
    const keys = pair('ed25519')
    const scheme = httpMessageSignatures({ parameters: ['created', 'keyid', 'nonce', 'alg'] })
    const key = createKey(scheme, { id: 'k', publicKey: keys.publicKey })
    const { verify } = createVerifier(scheme, {
      origin: ORIGIN,
      keys: { find: () => ({ ...key, algorithm: 'ecdsa-p256-sha256' }) },
      clock: () => NOW,
    })
    const signed = createSigner(scheme, { keyId: 'k', privateKey: keys.privateKey }, { clock: () => NOW }).sign({
      method: 'GET',
      url: `${ORIGIN}/x`,
    })
    const plain = createVerifier(scheme, { origin: ORIGIN, keys: { find: () => key }, clock: () => NOW })
    expect(await plain.verify({ method: 'GET', target: '/x', headers: signed.headers })).toMatchObject({ ok: true })
    expect(await verify({ method: 'GET', target: '/x', headers: signed.headers })).toMatchObject({ ok: false })
  })
})

describe('several signatures by key pairs in one list', () => {
  const algorithms = { ed25519: 'ed25519', p256: 'ecdsa-p256-sha256', p384: 'ecdsa-p384-sha384', rsa2048: 'rsa-v1_5-sha256' } as const
  const others = ['AAAA', '', '!', Buffer.alloc(64, 1).toString('base64'), Buffer.alloc(256, 1).toString('base64'), 'A'.repeat(300)]

  it.each(Object.entries(algorithms))('hold with the good one among them, wherever that stands: %s', async (kind, algorithm) => {
    const scheme = defineScheme({
      name: 'list',
      title: 'A list',
      algorithm,
      timestamp: { formats: ['seconds'] },
      message: '{timestamp}\n{method}\n{url}\n{body|sha256|hex}',
      signature: { encoding: 'base64' },
      headers: { 'x-key': '{keyId}', 'x-sig': { separator: ' ', items: ['t={timestamp}', 'v1={signature}'] } },
    })
    const keys = pair(kind as keyof typeof algorithms)
    const known = createKey(scheme, { id: 'k', publicKey: keys.publicKey })
    const { verify } = createVerifier(scheme, { origin: ORIGIN, keys: { find: () => known }, clock: () => NOW, replay: 'off' })
    const { headers } = createSigner(scheme, { keyId: 'k', privateKey: keys.privateKey }, { clock: () => NOW }).sign({
      method: 'POST',
      url: `${ORIGIN}/x`,
      body: '{}',
    })
    const [time, good] = String(headers['x-sig']).split(' ')
    for (const other of others) {
      for (const list of [`${time} v1=${other} ${good}`, `${time} ${good} v1=${other}`]) {
        const call = { method: 'POST', target: '/x', headers: { ...headers, 'x-sig': list }, body: Buffer.from('{}') }
        expect(await verify(call), list).toMatchObject({ ok: true })
      }
    }
  })

  it.each([
    [[3, 256], ['rsa-v1_5-sha256 256']],
    [
      [320, 256],
      ['rsa-v1_5-sha256 256', 'rsa-v1_5-sha256 320'],
    ],
    // More than a rotation has are refused unread.
    [[320, 256, 256], []],
  ])('are worked on alike for a known key and an unknown one, of each length that was presented: %j', async (lengths, expected) => {
    const scheme = defineScheme({
      name: 'list',
      title: 'A list',
      algorithm: 'rsa-v1_5-sha256',
      timestamp: { formats: ['seconds'] },
      message: '{timestamp}\n{method}\n{url}\n{body|sha256|hex}',
      signature: { encoding: 'base64' },
      headers: { 'x-key': '{keyId}', 'x-sig': { separator: ' ', items: ['t={timestamp}', 'v1={signature}'] } },
    })
    const list = lengths.map(length => `v1=${Buffer.alloc(length, 1).toString('base64')}`).join(' ')
    for (const found of [undefined, createKey(scheme, { id: 'k', publicKey: pair('rsa2048').publicKey })]) {
      const { crypto, work } = recording()
      const { verify } = createVerifier(scheme, { origin: ORIGIN, keys: { find: () => found }, crypto, clock: () => NOW })
      await verify({ method: 'GET', target: '/x', headers: { 'x-key': 'k', 'x-sig': `t=${NOW / 1000} ${list}` } })
      // Not by the length that no key has.
      expect([...new Set(work)].sort()).toEqual(expected)
    }
  })
})

describe('one key under two ids', () => {
  const unsignedId = (nonce: boolean, algorithm: 'ed25519' | 'ecdsa-p256-sha256' | 'rsa-v1_5-sha256') =>
    defineScheme({
      name: 'own',
      title: 'Own',
      algorithm,
      ...(nonce ? {} : { timestamp: { formats: ['seconds'] } }),
      message: `{${nonce ? 'nonce' : 'timestamp'}}\n{method}\n{url}\n{body|sha256|hex}`,
      signature: { encoding: 'base64' },
      headers: { 'x-key': '{keyId}', 'x-once': nonce ? '{nonce}' : '{timestamp}', 'x-sig': '{signature}' },
    })
  const cases: readonly (readonly [string, Scheme, Parameters<typeof pair>[0]])[] = [
    ['qredo-partner', qredoPartner, 'rsa2048'],
    ...(['ed25519', 'p256', 'p384', 'rsa2048'] as const).map(kind => ['draft 12', draftSignatures(), kind] as const),
    ...(['ed25519', 'ecdsa-p256-sha256', 'rsa-v1_5-sha256'] as const).flatMap(algorithm => {
      const kind = algorithm === 'ed25519' ? 'ed25519' : algorithm.startsWith('rsa') ? 'rsa2048' : 'p256'
      return [true, false].map(nonce => [`a scheme of one's own, ${nonce ? 'nonce' : 'time'}`, unsignedId(nonce, algorithm), kind] as const)
    }),
  ]

  it.each(cases)('is one call: %s', async (_name, scheme, kind) => {
    const keys = pair(kind)
    const pkcs1 = kind.startsWith('rsa') ? String(createPublicKey(keys.publicKey).export({ type: 'pkcs1', format: 'pem' })) : keys.publicKey
    const found = [keys.publicKey, pkcs1].map((publicKey, index) => createKey(scheme, { id: `k${index}`, publicKey }))
    const { verify } = createVerifier(scheme, {
      origin: ORIGIN,
      keys: { find: id => found.find(key => key.id === id) },
      clock: () => NOW,
      only: { methods: ['POST'], query: 'none', body: 'any' },
    })
    const signed = createSigner<SchemeTypes>(scheme, { keyId: 'k0', privateKey: keys.privateKey }, { clock: () => NOW }).sign({
      method: 'POST',
      url: `${ORIGIN}/x`,
      body: '{}',
    })
    const as = (id: string) => ({
      method: 'POST',
      target: '/x',
      body: Buffer.from('{}'),
      headers: Object.fromEntries(
        Object.entries(signed.headers as { [name: string]: string }).map(([name, value]) => [
          name,
          value === 'k0' ? id : value.replace('"k0"', `"${id}"`),
        ]),
      ),
    })
    expect(await verify(as('k0'))).toMatchObject({ ok: true })
    expect(await verify(as('k1'))).toMatchObject({ ok: false, failure: { code: 'replayed' } })
  })

  it.each(['ed25519', 'ecdsa-p256-sha256', 'rsa-v1_5-sha256'] as const)(
    'is one call for each nonce, or without a nonce for each message: %s',
    async algorithm => {
      const keys = pair(algorithm === 'ed25519' ? 'ed25519' : algorithm.startsWith('rsa') ? 'rsa2048' : 'p256')
      for (const hasNonce of [true, false]) {
        const scheme = unsignedId(hasNonce, algorithm)
        const key = createKey(scheme, { id: 'k', publicKey: keys.publicKey })
        const { verify } = createVerifier(scheme, { origin: ORIGIN, keys: { find: () => key }, clock: () => NOW })
        const signer = createSigner<SchemeTypes>(scheme, { keyId: 'k', privateKey: keys.privateKey }, { clock: () => NOW })
        const outcome = async (text: string, nonce: string) => {
          const own = hasNonce ? { nonce } : {}
          const { headers, body } = signer.sign({ method: 'POST', url: `${ORIGIN}/x`, body: text, ...own })
          const result = await verify({ method: 'POST', target: '/x', headers, body })
          return result.ok ? 'ok' : result.failure.code
        }
        expect([hasNonce, await outcome('{"a":1}', 'one')]).toEqual([hasNonce, 'ok'])
        expect([hasNonce, await outcome('{"a":2}', 'one')]).toEqual([hasNonce, hasNonce ? 'replayed' : 'ok'])
        expect([hasNonce, await outcome('{"a":1}', 'two')]).toEqual([hasNonce, hasNonce ? 'ok' : 'replayed'])
      }
    },
  )
})

describe('an RSA signature that is not below the modulus', () => {
  it.each([2048, 2049, 2050, 2056, 3072])('is made one that is, and refused: %d bits', bits => {
    const publicKey = rsaPublicKey(bits)
    const modulus = Buffer.from(String(publicKey.export({ format: 'jwk' }).n), 'base64url')
    const reduce = createReducer(publicKey.export({ type: 'spki', format: 'der' }))
    const beside = (difference: bigint) => {
      const value = BigInt(`0x${modulus.toString('hex')}`) + difference
      return Buffer.from(value.toString(16).padStart(modulus.length * 2, '0'), 'hex')
    }
    for (const [signature, isInRange] of [
      [beside(-1n), true],
      [beside(0n), false],
      [beside(1n), false],
      [Buffer.alloc(modulus.length, 0xff), false],
      [Buffer.alloc(modulus.length), true],
    ] as const) {
      const reduced = reduce(signature)
      expect(reduced.isInRange).toBe(isInRange)
      expect(Buffer.compare(reduced.signature, modulus)).toBe(-1)
      if (isInRange) expect(Buffer.from(reduced.signature)).toEqual(signature)
    }
  })
})
