import { createECDH, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MIN_RSA_BITS } from '../crypto/modulus.ts'
import { decoyPublicKey } from './decoys.ts'
import { MAX_RSA_BITS, readPublicKey } from './public-key.ts'

const pemOf = (key: KeyObject, type: 'spki' | 'pkcs1' | 'pkcs8' = 'spki'): string =>
  String(
    type === 'pkcs8'
      ? key.export({ type, format: 'pem' })
      : type === 'pkcs1'
        ? key.export({ type, format: 'pem' })
        : key.export({ type, format: 'pem' }),
  )
const pem = (der: Uint8Array, label = 'PUBLIC KEY'): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`
const refused = expect.objectContaining({ code: 'public-key-malformed' })

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const ed25519 = generateKeyPairSync('ed25519')
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 3072, hashAlgorithm: 'sha512', mgf1HashAlgorithm: 'sha512' })

function pssKey(hashAlgorithm: string, mgf1HashAlgorithm: string, saltLength = 64): string {
  // Node wants a number here, its types a text.
  const options = { modulusLength: 2048, hashAlgorithm, mgf1HashAlgorithm, saltLength: saltLength as unknown as string }
  return pemOf(generateKeyPairSync('rsa-pss', options).publicKey)
}

describe('readPublicKey', () => {
  it.each([
    ['RSA', pemOf(rsa.publicKey), { kind: 'rsa', signatureBytes: 256 }],
    ['RSA, PKCS#1', pemOf(rsa.publicKey, 'pkcs1'), { kind: 'rsa', signatureBytes: 256 }],
    ['RSA for PSS alone', pemOf(pss.publicKey), { kind: 'rsa-pss', signatureBytes: 384 }],
    ['P-256', pemOf(p256.publicKey), { kind: 'p256', signatureBytes: 64 }],
    ['P-384', pemOf(p384.publicKey), { kind: 'p384', signatureBytes: 96 }],
    ['Ed25519', pemOf(ed25519.publicKey), { kind: 'ed25519', signatureBytes: 64 }],
  ])('reads %s', (_name, text, facts) => {
    expect(readPublicKey(text)).toEqual({ ...facts, pem: text })
    // As environment variables and editors leave it; what is kept is what the platform reads.
    for (const [gap, by] of [
      [/\n/g, '\r\n'],
      [/\n/g, ' '],
      [/\n/g, '\n\n'],
      [/\n/g, '\n  '],
      [/\n/g, ''],
      [/\n/g, '\u00a0'],
      [/^/, '\t'],
    ] as const) {
      const read = readPublicKey(text.replace(gap, by))
      expect(read).toEqual({ ...facts, pem: text })
      expect(createPublicKey(read.pem).asymmetricKeyType).toBeDefined()
    }
  })

  it.each([
    ['text', 'hello'],
    ['nothing', ''],
    ['an empty PEM', pem(new Uint8Array(0))],
    ['rubbish in PEM', pem(Buffer.alloc(91, 7))],
    ['a private key', pemOf(p256.privateKey, 'pkcs8')],
    ['a key on another curve', pemOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)],
    ['X25519', pemOf(generateKeyPairSync('x25519').publicKey)],
    ['RSA of 1024 bits', pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)],
    ['a byte too many', pem(Buffer.concat([p256.publicKey.export({ type: 'spki', format: 'der' }), Buffer.of(0)]))],
    ['a byte too few', pem(p256.publicKey.export({ type: 'spki', format: 'der' }).subarray(0, -1))],
    ['PKCS#1 under the label of SPKI', pem(rsa.publicKey.export({ type: 'pkcs1', format: 'der' }))],
    ['SPKI under the label of PKCS#1', pem(rsa.publicKey.export({ type: 'spki', format: 'der' }), 'RSA PUBLIC KEY')],
    ['labels that do not go together', pemOf(rsa.publicKey, 'pkcs1').replace('END RSA', 'END')],
    ['the other way round', pemOf(p256.publicKey).replace('END', 'END RSA')],
    ['RSA-PSS for SHA-1', pssKey('sha1', 'sha1')],
    ['RSA-PSS for SHA-256', pssKey('sha256', 'sha256')],
    ['RSA-PSS for SHA-384', pssKey('sha384', 'sha384')],
    ['RSA-PSS with two hashes', pssKey('sha512', 'sha256')],
    ['RSA-PSS with a salt that is too long', pssKey('sha512', 'sha512', 65)],
    ['two keys', pemOf(p256.publicKey) + pemOf(ed25519.publicKey)],
  ])('refuses %s', (_name, text) => {
    expect(() => readPublicKey(text)).toThrow(refused)
  })

  it.each(['p256', 'p384'] as const)('refuses a point that is not on %s, wherever it is off', name => {
    const der = (name === 'p256' ? p256 : p384).publicKey.export({ type: 'spki', format: 'der' })
    const ecdh = createECDH(name === 'p256' ? 'prime256v1' : 'secp384r1')
    ecdh.generateKeys()
    const point = ecdh.getPublicKey()
    const head = der.subarray(0, der.length - point.length)
    expect(readPublicKey(pem(Buffer.concat([head, point]))).kind).toBe(name)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: point.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const off = Buffer.from(point)
        off[at] = (off[at] ?? 0) ^ change
        expect(() => readPublicKey(pem(Buffer.concat([head, off])))).toThrow(refused)
      }),
      { seed: 13, numRuns: 200 },
    )
  })

  it('refuses Ed25519 points that are none, in two spellings, or under which anyone can sign', () => {
    const head = Buffer.from('302a300506032b6570032100', 'hex')
    const ofY = (y: bigint, sign: 0 | 1): Buffer =>
      Buffer.from((y | (BigInt(sign) << 255n)).toString(16).padStart(64, '0'), 'hex').reverse()
    const p = 2n ** 255n - 19n
    // Published: the y of the points of order 8 (RFC 7748 §7, and every list of low-order points since).
    const order8 = [
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fdd7792ac07a',
    ].map(hex => BigInt(`0x${Buffer.from(hex, 'hex').reverse().toString('hex')}`))
    for (const y of [0n, 1n, p - 1n, p, p + 1n, ...order8, 2n])
      for (const sign of [0, 1] as const) expect(() => readPublicKey(pem(Buffer.concat([head, ofY(y, sign)])))).toThrow(refused)
    // About half of all texts are points, and what Node makes always is.
    let points = 0
    for (let count = 0; count < 200; count++) {
      try {
        readPublicKey(pem(Buffer.concat([head, ofY(BigInt(1000 + count), 0)])))
        points++
      } catch {}
      readPublicKey(pemOf(generateKeyPairSync('ed25519').publicKey))
    }
    expect(points).toBeGreaterThan(60)
    expect(points).toBeLessThan(140)
  })

  it('throws nothing else, whatever bytes stand in the PEM', () => {
    const real = [rsa, p256, p384, ed25519, pss].map(pair => pair.publicKey.export({ type: 'spki', format: 'der' }))
    fc.assert(
      fc.property(fc.constantFrom(...real), fc.nat(), fc.nat(255), fc.nat(3), (der, at, byte, cut) => {
        const changed = Buffer.from(der.subarray(0, der.length - cut))
        changed[at % changed.length] = byte
        try {
          readPublicKey(pem(changed))
        } catch (error) {
          expect(error).toEqual(refused)
        }
      }),
      { seed: 13, numRuns: 5000 },
    )
  })

  it('reads every decoy, of whatever length', () => {
    expect(readPublicKey(decoyPublicKey('ecdsa-p256-sha256', 64)).kind).toBe('p256')
    expect(readPublicKey(decoyPublicKey('ecdsa-p384-sha384', 96)).kind).toBe('p384')
    expect(readPublicKey(decoyPublicKey('ed25519', 64)).kind).toBe('ed25519')
    for (let bytes = MIN_RSA_BITS / 8; bytes <= MAX_RSA_BITS / 8; bytes += 17)
      expect(readPublicKey(decoyPublicKey('rsa-pss-sha512', bytes))).toMatchObject({ kind: 'rsa', signatureBytes: bytes })
  })
})
