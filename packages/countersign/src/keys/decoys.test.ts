import { createPublicKey } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { decoyPublicKey } from './decoys.ts'
import { fitsAlgorithm, readPublicKey } from './public-key.ts'

describe('the key that nobody has', () => {
  afterEach(() => void vi.restoreAllMocks())

  it.each([
    ['ed25519', 64],
    ['ecdsa-p256-sha256', 64],
    ['ecdsa-p384-sha384', 96],
    ['rsa-v1_5-sha256', 256],
    ['rsa-pss-sha512', 257],
    ['rsa-pss-sha512', 1024],
  ] as const)('is one of %s with signatures of %d bytes, whatever the random numbers are', (algorithm, bytes) => {
    for (const byte of [0, 0x7f, 0x80, 0xff]) {
      vi.spyOn(globalThis.crypto, 'getRandomValues').mockImplementation(array => {
        if (array instanceof Uint8Array) array.fill(byte)
        return array
      })
      const pem = decoyPublicKey(algorithm, bytes)
      const { kind, signatureBytes } = readPublicKey(pem)
      expect([fitsAlgorithm(kind, algorithm), signatureBytes]).toEqual([true, bytes])
      if (!algorithm.startsWith('rsa')) continue
      const modulus = Buffer.from(String(createPublicKey(pem).export({ format: 'jwk' }).n), 'base64url')
      // Odd, as those of real keys are.
      expect([modulus.length, modulus[0], modulus[1], (modulus.at(-1) ?? 0) % 2]).toEqual([bytes, byte | 0x80, byte, 1])
    }
  })
})
