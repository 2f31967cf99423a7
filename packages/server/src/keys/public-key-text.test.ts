import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readPublicKeyText } from './public-key-text.ts'

const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()
const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const jwk = (key: KeyObject): string => JSON.stringify(key.export({ format: 'jwk' }))
const PAIRS = {
  'RSA 2048': generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  Ed25519: generateKeyPairSync('ed25519'),
} as const
const RAW_BYTES = { 'P-256': 65, 'P-384': 97, Ed25519: 32 } as const

describe.each(Object.entries(PAIRS))('a public key of %s', (name, { publicKey, privateKey }) => {
  const wanted = pem(publicKey)
  const raw = name in RAW_BYTES ? spki(publicKey).subarray(-RAW_BYTES[name as keyof typeof RAW_BYTES]) : undefined
  it.each<[string, string]>([
    ['PEM', wanted],
    ['PEM with other line ends', wanted.replaceAll('\n', '\r\n')],
    ['JWK', jwk(publicKey)],
    ['SPKI in base64', spki(publicKey).toString('base64')],
    ['SPKI in hexadecimal', spki(publicKey).toString('hex')],
    ['raw in base64url, where there is such a form', raw?.toString('base64url') ?? wanted],
    ['raw in hexadecimal, where there is such a form', raw?.toString('hex') ?? wanted],
  ])('is taken as %s', (_, text) => {
    expect(readPublicKeyText(text)).toBe(wanted)
  })

  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' })
  it.each([
    ['PEM', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['PEM behind the public one', wanted + privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['JWK', jwk(privateKey)],
    ['PKCS#8 in base64', pkcs8.toString('base64')],
    ['PKCS#8 in hexadecimal', pkcs8.toString('hex')],
  ])('is refused as its private key in %s, which is not repeated', (_, text) => {
    let thrown: unknown
    try {
      readPublicKeyText(text)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ code: 'public-key-private', status: 400 })
    const { message } = thrown as Error
    for (let at = 0; at + 12 < text.length; at += 12)
      if (!text.slice(at, at + 12).includes('PRIVATE')) expect(message).not.toContain(text.slice(at, at + 12))
  })
})

describe('what is no usable public key', () => {
  const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey
  const k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey
  it.each([
    ['some text', 'hello, there', 'not PEM, JWK'],
    ['an empty text', '', 'not PEM, JWK'],
    ['random bytes', randomBytes(40).toString('base64'), 'neither SPKI'],
    ['a point that is not on the curve', Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 1)]).toString('hex'), 'neither SPKI'],
    ['an empty block', '-----BEGIN PUBLIC KEY-----\n\n-----END PUBLIC KEY-----', 'no public key'],
    ['a half block', pem(PAIRS.Ed25519.publicKey).slice(0, -20), 'one block'],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----', 'openssl x509'],
    ['JSON that is cut off', '{"kty":"RSA"', 'no JSON'],
    ['a JWK without its numbers', '{"kty":"RSA"}', 'its JWK'],
    ['a JWK of a secret', '{"kty":"oct"}', 'its JWK'],
    ['a JWK set', '{"keys":[]}', 'a set of keys'],
    ['RSA of 1024 bits', pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey), 'this key has 1024'],
    ['RSA with the exponent 3', pem(generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey), 'exponent 65537'],
    ['P-521', pem(p521), 'on secp521r1'],
    ['secp256k1', pem(k1), 'on secp256k1'],
    ['X25519', pem(generateKeyPairSync('x25519').publicKey), 'for x25519'],
    ['Ed448', pem(generateKeyPairSync('ed448').publicKey), 'for ed448'],
  ])('%s is refused with the reason', (_, text, reason) => {
    expect(() => readPublicKeyText(text)).toThrow(
      expect.objectContaining({ code: 'public-key-malformed', message: expect.stringContaining(reason) }),
    )
  })

  it('64 bytes are a private key of Ed25519 as NaCl writes it', () => {
    expect(() => readPublicKeyText(randomBytes(64).toString('base64'))).toThrow(expect.objectContaining({ code: 'public-key-private' }))
  })

  it('reads what it writes', () => {
    for (const { publicKey } of Object.values(PAIRS)) expect(pem(createPublicKey(readPublicKeyText(jwk(publicKey))))).toBe(pem(publicKey))
  })
})
