import { CountersignError } from '../contract/error.ts'
import { whenReady } from '../contract/maybe-promise.ts'
import { type Algorithm, algorithmFacts } from '../crypto/algorithm.ts'
import type { CryptoProvider, SignMessage } from '../crypto/provider.ts'
import { fieldsOf } from '../recipe/recipe.ts'
import type { Credentials } from '../scheme/credentials.ts'
import { givenIn, refuseNeedless } from '../scheme/refuse-unused.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { encode } from '../wire/encoding.ts'
import { readSecretBytes } from './secret-bytes.ts'
export const KEY_ID = /^[\x21-\x2b\x2d-\x7e]{1,1024}$/
export const KEY_ID_IS = '1 to 1024 visible ASCII characters without a comma'

/** @throws CountersignError `option-invalid` for what the scheme has no use for, `credential-missing` */
export function checkCredentials(scheme: Scheme, credentials: Credentials): void {
  const { keyId, algorithm, privateKey } = credentials
  const { keys, algorithms, base } = scheme
  const isNamed = wantsKeyId(scheme)
  refuseNeedless(scheme, givenIn(credentials), [
    'allowShortSecret',
    isNamed || scheme.keyId === 'optional' ? 'keyId' : '',
    algorithm !== undefined && algorithms.includes(algorithm) ? 'algorithm' : '',
    keys === 'key-pair' || privateKey !== undefined ? '' : 'secret',
    keys === 'secret' ? '' : 'privateKey',
    scheme.hasPassphrase ? 'passphrase' : '',
    base?.takes.sessionToken ? 'sessionToken' : '',
  ])
  if (keyId === undefined ? isNamed : !KEY_ID.test(keyId))
    throw new CountersignError('credential-missing', `The scheme ${scheme.name} wants a keyId: ${KEY_ID_IS}.`)
}

function wantsKeyId(scheme: Scheme): boolean {
  return scheme.keyId === 'carried' || scheme.message.of.some(part => fieldsOf(part).includes('keyId'))
}

/** Signs a message with what the credentials hold, in the scheme's encoding. */
export function createSignMessage(scheme: Scheme, credentials: Credentials, algorithm: Algorithm, crypto: CryptoProvider): SignMessage {
  const { encoding } = scheme.signature
  const facts = algorithmFacts(algorithm)
  if (facts.family === 'hmac') return crypto.hmac(facts.digest, readSecretBytes(scheme, credentials.secret, credentials), encoding)
  if (credentials.privateKey === undefined)
    throw new CountersignError('credential-missing', `The scheme ${scheme.name} wants a privateKey, in PEM.`)
  const sign = crypto.keyPairSign(facts.name, credentials.privateKey)
  return message => whenReady(sign(message), bytes => encode(bytes, encoding))
}
