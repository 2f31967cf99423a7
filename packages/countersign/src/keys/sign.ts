import { CountersignError } from '../contract/error.ts'
import { whenReady } from '../contract/maybe-promise.ts'
import { type Algorithm, algorithmFacts } from '../crypto/algorithm.ts'
import { privateKeyKind } from '../crypto/pem.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { Credentials } from '../scheme/credentials.ts'
import type { SignComposition } from '../scheme/plan.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { createSignMessage } from './check-credentials.ts'
import { createDerivedSigner } from './derive.ts'
import { readSecretOnly } from './no-public-key.ts'
import { fitsAlgorithm } from './public-key.ts'
import { readSecretBytes } from './secret-bytes.ts'

/**
 * Makes the function that signs with any key a scheme may have: a secret, a key derived from it, or a private key.
 *
 * @throws CountersignError what is wrong with the credentials
 */
export function createAnySigner(scheme: Scheme, credentials: Credentials, crypto: CryptoProvider): SignComposition {
  const algorithm = algorithmOf(scheme, credentials)
  const { derivedKey, signature } = scheme
  if (algorithmFacts(algorithm).family === 'hmac') readSecretOnly(scheme, credentials.secret, credentials)
  if (derivedKey === undefined) {
    const sign = createSignMessage(scheme, credentials, algorithm, crypto)
    return message => sign(message)
  }
  const secret = readSecretBytes(scheme, credentials.secret, credentials)
  const derived = createDerivedSigner(derivedKey.prefix, secret, algorithmFacts(algorithm).digest, signature.encoding, crypto)
  return (message, composition) => whenReady(derived.keep(composition), () => derived.sign(message, composition))
}

/**
 * The algorithm that credentials sign with: the one they name, else the scheme's first that fits them.
 *
 * @throws CountersignError `private-key-malformed`, `option-invalid`, `credential-missing`
 */
export function algorithmOf({ name, algorithms }: Scheme, { algorithm: wanted, privateKey }: Credentials): Algorithm {
  const kind = privateKey === undefined ? undefined : privateKeyKind(privateKey)
  if (privateKey !== undefined && kind === undefined)
    throw new CountersignError(
      'private-key-malformed',
      `The private key is not a key in PEM for any algorithm of the scheme ${name}: it begins with -----BEGIN PRIVATE KEY-----.`,
    )
  const fitting = algorithms.filter(candidate => {
    const facts = algorithmFacts(candidate)
    return facts.family === 'hmac' ? kind === undefined : kind !== undefined && fitsAlgorithm(kind, facts.name)
  })
  const [first] = fitting
  if (first !== undefined && (wanted === undefined || fitting.includes(wanted))) return wanted ?? first
  if (wanted !== undefined && kind === undefined && algorithms.includes(wanted))
    throw new CountersignError('credential-missing', `The algorithm ${wanted} wants a privateKey, in PEM.`)
  throw new CountersignError(
    'option-invalid',
    `The scheme ${name} can't sign with ${wanted ?? 'this key'}: with it go ${fitting.join(', ') || 'none of its algorithms'}.`,
  )
}
