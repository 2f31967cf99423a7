import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { KeyPairAlgorithm } from './algorithm.ts'
import { crypto as node } from './node.ts'
import { crypto as web } from './web.ts'

const message = { before: 'POST', body: Uint8Array.of(0, 255, 128), after: '€' }

describe('node:crypto and WebCrypto', () => {
  it('hash alike', async () => {
    for (const digest of ['sha1', 'sha256', 'sha384', 'sha512'] as const)
      expect(new Uint8Array(await web.hash(digest, message))).toEqual(new Uint8Array(await node.hash(digest, message)))
  })

  it('sign alike, in every encoding', async () => {
    const secret = Buffer.alloc(60, 200)
    for (const digest of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
      for (const encoding of ['hex', 'hex-upper', 'base64', 'base64-unpadded', 'base64url', 'base64url-padded'] as const)
        expect(await web.hmac(digest, secret, encoding)(message)).toBe(await node.hmac(digest, secret, encoding)(message))
    }
  })

  it('compare alike', () => {
    for (const provider of [node, web]) {
      expect(provider.equal('abc', 'abc')).toBe(true)
      for (const other of ['abd', 'ab', 'abcd', '']) expect(provider.equal('abc', other)).toBe(false)
    }
  })

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const ed25519 = generateKeyPairSync('ed25519')
  const pairs: [KeyPairAlgorithm, { publicKey: typeof rsa.publicKey; privateKey: typeof rsa.privateKey }, 'pkcs1' | 'sec1' | undefined][] =
    [
      ['rsa-v1_5-sha256', rsa, 'pkcs1'],
      ['rsa-v1_5-sha512', rsa, 'pkcs1'],
      ['rsa-pss-sha512', rsa, 'pkcs1'],
      ['ecdsa-p256-sha256', p256, 'sec1'],
      ['ecdsa-p384-sha384', p384, 'sec1'],
      ['ed25519', ed25519, undefined],
    ]

  it.each(pairs)(
    'verify what the other one signed: %s, with the key in either PEM form',
    async (algorithm, { publicKey, privateKey }, oldForm) => {
      const privatePems = [
        privateKey.export({ type: 'pkcs8', format: 'pem' }),
        ...(oldForm === undefined ? [] : [privateKey.export({ type: oldForm as 'pkcs1', format: 'pem' })]),
      ].map(String)
      const publicPems = [
        publicKey.export({ type: 'spki', format: 'pem' }),
        ...(oldForm === 'pkcs1' ? [publicKey.export({ type: 'pkcs1', format: 'pem' })] : []),
      ].map(String)
      for (const [signer, verifier] of [
        [node, web],
        [web, node],
      ] as const) {
        for (const pem of privatePems) {
          const signature = await signer.keyPairSign(algorithm, pem)(message)
          for (const publicPem of publicPems) {
            const verify = verifier.keyPairVerify(algorithm, publicPem)
            expect(await verify(message, signature)).toBe(true)
            expect(await verify({ ...message, after: '' }, signature)).toBe(false)
            for (const other of [signature.subarray(1), Uint8Array.of(0, ...signature), new Uint8Array(0)])
              expect(await verify(message, other)).toBe(false)
          }
        }
      }
    },
  )

  it('take an RSA signature that begins with a zero only with that zero', async () => {
    const privatePem = String(rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const publicPem = String(rsa.publicKey.export({ type: 'spki', format: 'pem' }))
    const sign = node.keyPairSign('rsa-v1_5-sha256', privatePem)
    for (let count = 0; ; count++) {
      const numbered = { ...message, after: String(count) }
      const signature = await sign(numbered)
      if (signature[0] !== 0) continue
      for (const provider of [node, web]) {
        const verify = provider.keyPairVerify('rsa-v1_5-sha256', publicPem)
        expect(await verify(numbered, signature)).toBe(true)
        expect(await verify(numbered, signature.subarray(1))).toBe(false)
      }
      return
    }
  })

  it('refuse a key that is none, or one for another algorithm, without repeating it', async () => {
    const wrong = String(ed25519.privateKey.export({ type: 'pkcs8', format: 'pem' }))
    for (const pem of ['', 'hunter2', wrong.replace('PRIVATE', 'PUBLIC')]) {
      for (const provider of [node, web]) {
        const outcome = (async () => provider.keyPairSign('rsa-v1_5-sha256', pem)(message))()
        await expect(outcome).rejects.toMatchObject({ code: 'private-key-malformed' })
        await expect(outcome).rejects.not.toThrow(/hunter2/)
      }
    }
    expect(() => node.keyPairSign('rsa-v1_5-sha256', wrong)).toThrow(/not a key for rsa-v1_5-sha256/)
  })
})
