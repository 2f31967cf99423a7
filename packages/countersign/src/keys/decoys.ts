import { type Algorithm, algorithmFacts, type KeyPairAlgorithm } from '../crypto/algorithm.ts'
import { derElement, derSequence, NULL, RSA_ENCRYPTION } from '../crypto/der.ts'
import type { TimelyClaim } from '../scheme/plan.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { encode } from '../wire/encoding.ts'
import { type Key, MAX_LIVE_SECRETS } from './key.ts'
import { Secret } from './secret.ts'
import { calledFor, hasOnlyOneLength, kindOf, lengthsOf } from './signature-lengths.ts'

/** What a check needs of a key; a decoy has no more. */
export type CheckedKey = Pick<Key, 'algorithm' | 'secrets' | 'publicKey' | 'passphrase' | 'id' | 'signatureBytes'>

const ONE_LENGTH = [0]

/**
 * Keys that nobody holds, one for each kind of key and length of signature, and the checks by them that a wrong
 * signature costs: of every kind that has this length, and that the call's label allows. Each costs as much as all
 * secrets or public keys that a key may have.
 */
export function createDecoys<Check>(
  scheme: Scheme,
  algorithms: readonly Algorithm[],
  prepareKey: (key: CheckedKey) => Check,
): (claim: TimelyClaim, checked: readonly CheckedKey[]) => readonly Check[] {
  const checks = new Map<string, Check>()
  const hasOneLength = hasOnlyOneLength(scheme)

  function decoy(algorithm: Algorithm, length: number): Check {
    const id = `${kindOf(algorithm)} ${length}`
    let check = checks.get(id)
    if (check === undefined) {
      // Made at the first use: at a module's start some platforms give no random numbers yet.
      const { family, name } = algorithmFacts(algorithm)
      const passphrase = scheme.hasPassphrase ? new Secret(globalThis.crypto.getRandomValues(new Uint8Array(16))) : undefined
      const secrets = family === 'hmac' ? [new Secret(globalThis.crypto.getRandomValues(new Uint8Array(32)))] : []
      const publicKey = family === 'hmac' ? undefined : decoyPublicKey(name, length)
      check = prepareKey({ id: 'decoy', algorithm, secrets, publicKey, passphrase, signatureBytes: length })
      checks.set(id, check)
    }
    return check
  }

  return (claim, checked) => {
    const work: Check[] = []
    const seen = new Set<string>()
    for (const length of hasOneLength ? ONE_LENGTH : lengthsOf(scheme, claim)) {
      for (const algorithm of algorithms) {
        if (!hasOneLength && !calledFor(algorithm, length, claim)) continue
        const id = `${kindOf(algorithm)} ${length}`
        if (seen.has(id)) continue
        seen.add(id)
        const own = checked.filter(key => hasOneLength || id === `${kindOf(key.algorithm)} ${key.signatureBytes}`)
        const done = own.reduce((sum, { secrets }) => sum + Math.max(1, secrets.length), 0)
        for (let count = done; count < MAX_LIVE_SECRETS; count++) work.push(decoy(algorithm, length))
      }
    }
    return work
  }
}

/**
 * Published test keys of RFC 9421, Appendix B.1, whose private halves are published as well: only their kind matters
 * here.
 */
const DECOY_P256 = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----
`
const DECOY_ED25519 = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----
`
/** Made for this purpose; its private half was thrown away. */
const DECOY_P384 = `-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE2XRgZXdEu7J7GkTrwmCV0N8aWL4KjPrH
nCngK7/J+5NlEC88+cmrnHCuJDT1fX82HnkhJVad+F/ZzJz6q8E7wa2nTcj792AC
XjvKOHzhsi6S6ZBGwwRQKfHoaPfSFD6L
-----END PUBLIC KEY-----
`

/**
 * The public key of a key that nobody has, checked in the place of an unknown one so that both take the same time.
 *
 * @param signatureBytes how long the signature is that was presented; an RSA key is made with a modulus of that length
 */
export function decoyPublicKey(algorithm: KeyPairAlgorithm, signatureBytes: number): string {
  switch (algorithm) {
    case 'ecdsa-p256-sha256':
      return DECOY_P256
    case 'ecdsa-p384-sha384':
      return DECOY_P384
    case 'ed25519':
      return DECOY_ED25519
    default:
      return decoyRsaKey(signatureBytes)
  }
}

/**
 * Any odd number of the right length does as a modulus: comparing with it takes as long as with a product of two
 * primes.
 */
function decoyRsaKey(bytes: number): string {
  const modulus = globalThis.crypto.getRandomValues(new Uint8Array(bytes))
  modulus[0] = (modulus[0] ?? 0) | 0x80
  modulus[bytes - 1] = (modulus[bytes - 1] ?? 0) | 1
  const key = derElement(0x30, derElement(0x02, Uint8Array.of(0), modulus), Uint8Array.of(0x02, 3, 1, 0, 1))
  const spki = derElement(0x30, derSequence(RSA_ENCRYPTION, NULL), derElement(0x03, Uint8Array.of(0), key))
  return `-----BEGIN PUBLIC KEY-----\n${encode(spki, 'base64')}\n-----END PUBLIC KEY-----\n`
}
