import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { KeyPairAlgorithm } from './algorithm.ts'
import { crypto as node } from './node.ts'
import type { CryptoProvider } from './provider.ts'
import { crypto as web } from './web.ts'

const message = { before: 'a message', body: undefined, after: '' }

type Kind = 'private' | 'public'

const pem = (der: Uint8Array, label: string): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`

function derOf(key: KeyObject, type: 'pkcs8' | 'spki' | 'pkcs1' | 'sec1'): Buffer {
  return type === 'sec1'
    ? key.export({ type, format: 'der' })
    : type === 'pkcs1'
      ? key.export({ type, format: 'der' })
      : key.export({ type, format: 'der' })
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
const nearlyStrong = generateKeyPairSync('rsa', { modulusLength: 2040 })
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const k256 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
const ed25519 = generateKeyPairSync('ed25519')
const x25519 = generateKeyPairSync('x25519')
const openPss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
const pss = (hashAlgorithm: string, mgf1HashAlgorithm = hashAlgorithm, saltLength = 64) =>
  // Node wants a number here, its types a text.
  generateKeyPairSync('rsa-pss', { modulusLength: 2048, hashAlgorithm, mgf1HashAlgorithm, saltLength: saltLength as unknown as string })
const pss512 = pss('sha512')
const pss256 = pss('sha256', 'sha256', 32)
const weakPss = generateKeyPairSync('rsa-pss', { modulusLength: 1024 })

type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject }

const privatePem = ({ privateKey }: Pair): string => pem(derOf(privateKey, 'pkcs8'), 'PRIVATE KEY')
const publicPem = ({ publicKey }: Pair): string => pem(derOf(publicKey, 'spki'), 'PUBLIC KEY')

/** The same key of P-256 with its point in the short form. */
function compressed({ publicKey }: Pair): Buffer {
  const spki = derOf(publicKey, 'spki')
  const [head, point] = [Buffer.from(spki.subarray(0, -65)), spki.subarray(-65)]
  for (const place of [1, head.length - 2]) head[place] = (head[place] ?? 0) - 32
  return Buffer.concat([head, Buffer.of(2 + ((point.at(-1) ?? 0) & 1)), point.subarray(1, 33)])
}

/** A private key of P-256 with another's public key in it, which stands at its end. */
function withHalfOf({ privateKey }: Pair, other: Pair): Buffer {
  return Buffer.concat([derOf(privateKey, 'pkcs8').subarray(0, -65), derOf(other.publicKey, 'spki').subarray(-65)])
}

/** Without the public key, which may be left out (RFC 5915 §3). */
function withoutHalf({ privateKey }: Pair): Buffer {
  const sec1 = derOf(privateKey, 'sec1')
  // Version and number, which stand first; the number's length is known.
  return Buffer.concat([Buffer.of(0x30, 37), sec1.subarray(2, 39)])
}

/** With other bytes for its y. */
function offCurve({ publicKey }: Pair, bytes: number): Buffer {
  const spki = derOf(publicKey, 'spki')
  return spki.fill(1, spki.length - bytes)
}

const GOOD = 'good'
const WEAK = 'weak'
const BAD = 'malformed'

type Verdict = typeof GOOD | typeof WEAK | typeof BAD

const cases: readonly [name: string, algorithm: KeyPairAlgorithm, kind: Kind, pem: string, verdict: Verdict][] = [
  ...(
    [
      ['rsa-v1_5-sha256', rsa],
      ['rsa-v1_5-sha512', rsa],
      ['rsa-pss-sha512', rsa],
      ['rsa-pss-sha512', openPss],
      ['rsa-pss-sha512', pss512],
      ['ecdsa-p256-sha256', p256],
      ['ecdsa-p384-sha384', p384],
      ['ed25519', ed25519],
    ] as const
  ).flatMap(([algorithm, pair]): typeof cases => [
    ['a key of its kind', algorithm, 'private', privatePem(pair), GOOD],
    ['a key of its kind', algorithm, 'public', publicPem(pair), GOOD],
    ['text before and behind', algorithm, 'private', `key:\n${privatePem(pair)}\nend`, GOOD],
    ['a byte too many', algorithm, 'private', pem(Buffer.concat([derOf(pair.privateKey, 'pkcs8'), Buffer.of(0)]), 'PRIVATE KEY'), BAD],
    ['a byte too many', algorithm, 'public', pem(Buffer.concat([derOf(pair.publicKey, 'spki'), Buffer.of(0)]), 'PUBLIC KEY'), BAD],
    ['a byte too few', algorithm, 'private', pem(derOf(pair.privateKey, 'pkcs8').subarray(0, -1), 'PRIVATE KEY'), BAD],
    ['a byte too few', algorithm, 'public', pem(derOf(pair.publicKey, 'spki').subarray(0, -1), 'PUBLIC KEY'), BAD],
    ['half of it', algorithm, 'private', pem(derOf(pair.privateKey, 'pkcs8').subarray(0, 40), 'PRIVATE KEY'), BAD],
    ['the public key', algorithm, 'private', publicPem(pair), BAD],
    ['the private key', algorithm, 'public', privatePem(pair), BAD],
    ['the public key under the label of a private one', algorithm, 'private', pem(derOf(pair.publicKey, 'spki'), 'PRIVATE KEY'), BAD],
    ['the private key under the label of a public one', algorithm, 'public', pem(derOf(pair.privateKey, 'pkcs8'), 'PUBLIC KEY'), BAD],
    ['nothing', algorithm, 'private', '', BAD],
    ['text', algorithm, 'private', 'hunter2', BAD],
    ['an empty PEM', algorithm, 'private', pem(Buffer.alloc(0), 'PRIVATE KEY'), BAD],
    ['rubbish', algorithm, 'private', pem(Buffer.alloc(120, 7), 'PRIVATE KEY'), BAD],
    ['rubbish', algorithm, 'public', pem(Buffer.alloc(120, 7), 'PUBLIC KEY'), BAD],
    ['labels that do not go together', algorithm, 'private', privatePem(pair).replace('END', 'END RSA'), BAD],
    ['X25519', algorithm, 'private', privatePem(x25519), BAD],
    ['X25519', algorithm, 'public', publicPem(x25519), BAD],
    ['secp256k1', algorithm, 'private', privatePem(k256), BAD],
    ['secp256k1', algorithm, 'public', publicPem(k256), BAD],
    ...[rsa, p256, p384, ed25519]
      .filter(other => other !== pair && !(algorithm === 'rsa-pss-sha512' && other === rsa))
      .flatMap((other): typeof cases => [
        [`another kind of key, ${other.publicKey.asymmetricKeyType}`, algorithm, 'private', privatePem(other), BAD],
        [`another kind of key, ${other.publicKey.asymmetricKeyType}`, algorithm, 'public', publicPem(other), BAD],
      ]),
  ]),
  ...(['rsa-v1_5-sha256', 'rsa-v1_5-sha512', 'rsa-pss-sha512'] as const).flatMap((algorithm): typeof cases => [
    ['PKCS#1', algorithm, 'private', pem(derOf(rsa.privateKey, 'pkcs1'), 'RSA PRIVATE KEY'), GOOD],
    ['PKCS#1', algorithm, 'public', pem(derOf(rsa.publicKey, 'pkcs1'), 'RSA PUBLIC KEY'), GOOD],
    ['PKCS#1 under the label of PKCS#8', algorithm, 'private', pem(derOf(rsa.privateKey, 'pkcs1'), 'PRIVATE KEY'), BAD],
    ['PKCS#1 under the label of SPKI', algorithm, 'public', pem(derOf(rsa.publicKey, 'pkcs1'), 'PUBLIC KEY'), BAD],
    ['PKCS#8 under the label of PKCS#1', algorithm, 'private', pem(derOf(rsa.privateKey, 'pkcs8'), 'RSA PRIVATE KEY'), BAD],
    ['SPKI under the label of PKCS#1', algorithm, 'public', pem(derOf(rsa.publicKey, 'spki'), 'RSA PUBLIC KEY'), BAD],
    ['1024 bits', algorithm, 'private', privatePem(weak), WEAK],
    ['1024 bits', algorithm, 'public', publicPem(weak), WEAK],
    ['1024 bits, PKCS#1', algorithm, 'private', pem(derOf(weak.privateKey, 'pkcs1'), 'RSA PRIVATE KEY'), WEAK],
    ['2040 bits', algorithm, 'private', privatePem(nearlyStrong), WEAK],
    ['2040 bits', algorithm, 'public', publicPem(nearlyStrong), WEAK],
  ]),
  ...(['rsa-v1_5-sha256', 'rsa-v1_5-sha512'] as const).flatMap((algorithm): typeof cases => [
    ['a key for PSS alone', algorithm, 'private', privatePem(openPss), BAD],
    ['a key for PSS alone', algorithm, 'public', publicPem(pss512), BAD],
  ]),
  ...[pss256, pss('sha512', 'sha256'), pss('sha512', 'sha512', 65), pss('sha1', 'sha1', 20)].flatMap((pair): typeof cases => [
    ['PSS with other parameters', 'rsa-pss-sha512', 'private', privatePem(pair), BAD],
    ['PSS with other parameters', 'rsa-pss-sha512', 'public', publicPem(pair), BAD],
  ]),
  ['PSS with a shorter salt', 'rsa-pss-sha512', 'private', privatePem(pss('sha512', 'sha512', 32)), GOOD],
  ['PSS with a shorter salt', 'rsa-pss-sha512', 'public', publicPem(pss('sha512', 'sha512', 32)), GOOD],
  ['PSS of 1024 bits', 'rsa-pss-sha512', 'private', privatePem(weakPss), WEAK],
  ['PSS of 1024 bits', 'rsa-pss-sha512', 'public', publicPem(weakPss), WEAK],
  ['SEC 1', 'ecdsa-p256-sha256', 'private', pem(derOf(p256.privateKey, 'sec1'), 'EC PRIVATE KEY'), GOOD],
  ['SEC 1', 'ecdsa-p384-sha384', 'private', pem(derOf(p384.privateKey, 'sec1'), 'EC PRIVATE KEY'), GOOD],
  ['SEC 1 without its public half', 'ecdsa-p256-sha256', 'private', pem(withoutHalf(p256), 'EC PRIVATE KEY'), GOOD],
  ['SEC 1 of another curve', 'ecdsa-p256-sha256', 'private', pem(derOf(p384.privateKey, 'sec1'), 'EC PRIVATE KEY'), BAD],
  ['SEC 1 of another curve', 'ecdsa-p384-sha384', 'private', pem(derOf(p256.privateKey, 'sec1'), 'EC PRIVATE KEY'), BAD],
  ['SEC 1 of another curve of 32 bytes', 'ecdsa-p256-sha256', 'private', pem(derOf(k256.privateKey, 'sec1'), 'EC PRIVATE KEY'), BAD],
  ['SEC 1 for RSA', 'rsa-pss-sha512', 'private', pem(derOf(p256.privateKey, 'sec1'), 'EC PRIVATE KEY'), BAD],
  ['SPKI under the label of SEC 1', 'ecdsa-p256-sha256', 'public', pem(derOf(p256.publicKey, 'spki'), 'EC PUBLIC KEY'), BAD],
  [
    'halves of two keys',
    'ecdsa-p256-sha256',
    'private',
    pem(withHalfOf(p256, generateKeyPairSync('ec', { namedCurve: 'P-256' })), 'PRIVATE KEY'),
    BAD,
  ],
  ['a compressed point', 'ecdsa-p256-sha256', 'public', pem(compressed(p256), 'PUBLIC KEY'), BAD],
  ['a point off its curve', 'ecdsa-p256-sha256', 'public', pem(offCurve(p256, 32), 'PUBLIC KEY'), BAD],
  ['a point off its curve', 'ecdsa-p384-sha384', 'public', pem(offCurve(p384, 48), 'PUBLIC KEY'), BAD],
]

/** What a provider says of a key, at once or as a rejection. */
async function verdictOf(provider: CryptoProvider, algorithm: KeyPairAlgorithm, kind: Kind, text: string): Promise<string> {
  try {
    if (kind === 'private') await provider.keyPairSign(algorithm, text)(message)
    else await provider.keyPairVerify(algorithm, text)(message, Buffer.alloc(algorithm === 'ecdsa-p384-sha384' ? 96 : 64, 1))
    return GOOD
  } catch (error) {
    expect(error).toMatchObject({ name: 'CountersignError', code: `${kind}-key-malformed` })
    expect(String(error)).not.toMatch(/hunter2|OpenSSL|asn1|DER/i)
    return String(error)
  }
}

describe('node:crypto and WebCrypto take the same keys', () => {
  it.each(cases)('%s for %s, %s', async (_name, algorithm, kind, text, verdict) => {
    const said = await verdictOf(node, algorithm, kind, text)
    expect(await verdictOf(web, algorithm, kind, text)).toBe(said)
    if (verdict === GOOD) expect(said).toBe(GOOD)
    else
      expect(said).toMatch(
        verdict === WEAK ? /has \d+ bits, and at least 2048 are wanted/ : new RegExp(`The ${kind} key is not a key for ${algorithm}`),
      )
  })

  it.each([
    ['one for PSS alone', openPss],
    ['one for PSS with SHA-512', pss512],
  ])('and verify what the other signed with a key that is %s', async (_name, pair) => {
    for (const [signer, verifier] of [
      [node, web],
      [web, node],
    ] as const) {
      const signature = await signer.keyPairSign('rsa-pss-sha512', privatePem(pair))(message)
      const verify = verifier.keyPairVerify('rsa-pss-sha512', publicPem(pair))
      expect(await verify(message, signature)).toBe(true)
      expect(await verify({ ...message, after: '!' }, signature)).toBe(false)
    }
  })

  it('whichever byte of the key was changed', async () => {
    const real: readonly [KeyPairAlgorithm, Kind, Buffer][] = (
      [
        ['rsa-pss-sha512', pss512],
        ['ecdsa-p256-sha256', p256],
        ['ed25519', ed25519],
      ] as const
    ).flatMap(([algorithm, pair]): [KeyPairAlgorithm, Kind, Buffer][] => [
      [algorithm, 'private', derOf(pair.privateKey, 'pkcs8')],
      [algorithm, 'public', derOf(pair.publicKey, 'spki')],
    ])
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...real),
        fc.nat(500),
        fc.integer({ min: 1, max: 255 }),
        async ([algorithm, kind, der], at, change) => {
          const changed = Buffer.from(der)
          // Of RSA, what stands before its numbers: the platform judges those.
          const place = at % (algorithm === 'rsa-pss-sha512' ? 85 : changed.length)
          changed[place] = (changed[place] ?? 0) ^ change
          const text = pem(changed, kind === 'private' ? 'PRIVATE KEY' : 'PUBLIC KEY')
          expect(await verdictOf(web, algorithm, kind, text)).toBe(await verdictOf(node, algorithm, kind, text))
        },
      ),
      { seed: 31, numRuns: 500 },
    )
  })
})

describe('without a secure context', () => {
  it('WebCrypto says so, whatever is asked of it', async () => {
    vi.stubGlobal('crypto', { getRandomValues: (bytes: Uint8Array) => bytes })
    try {
      const missing = { name: 'CountersignError', code: 'no-web-crypto', message: expect.stringMatching(/over https or on localhost/) }
      await expect(web.hash('sha256', message)).rejects.toMatchObject(missing)
      await expect(web.hashText('sha256', message, 'hex')).rejects.toMatchObject(missing)
      await expect(web.hmac('sha256', Buffer.alloc(32), 'hex')(message)).rejects.toMatchObject(missing)
      await expect(web.keyPairSign('ed25519', privatePem(ed25519))(message)).rejects.toMatchObject(missing)
      await expect(web.keyPairVerify('ed25519', publicPem(ed25519))(message, Buffer.alloc(64))).rejects.toMatchObject(missing)
    } finally {
      vi.unstubAllGlobals()
    }
  })
})
