import type { KeyPairAlgorithm } from './algorithm.ts'
import {
  type CryptoProvider,
  inTurn,
  isPromise,
  type MaybePromise,
  type SignMessage,
  type VerifyMessage,
  whenReady,
} from './crypto/provider.ts'
import { DECOY_PUBLIC_KEYS } from './decoy-keys.ts'
import { decodeStrictly, utf8 } from './encoding.ts'
import { createKey, type Key } from './keys.ts'
import type { Message } from './message.ts'
import type { Signatures } from './plan.ts'
import type { Presented } from './presented.ts'
import type { DeclaredScheme } from './scheme.ts'

/** The signatures when what was presented is one of them; `undefined` when it is not. */
export type Checker = (key: Key, message: Message, presented: Presented) => MaybePromise<Signatures | undefined>

type KeyChecker = (message: Message, presented: Presented) => MaybePromise<Signatures | undefined>

/** Makes the function that compares. What it prepares for a key is kept as long as the key object is. */
export function createChecker(scheme: DeclaredScheme, crypto: CryptoProvider): Checker {
  const prepared = new WeakMap<Key, KeyChecker>()
  return (key, message, presented) => {
    let check = prepared.get(key)
    if (check === undefined) {
      check = prepare(scheme, crypto, key)
      prepared.set(key, check)
    }
    return check(message, presented)
  }
}

/** A key that nobody holds, checked in the place of an unknown one so that both take the same time. */
export function createDecoy(scheme: DeclaredScheme): Key {
  const secret = globalThis.crypto.getRandomValues(new Uint8Array(32))
  const { algorithm } = scheme
  const publicKey = algorithm.family === 'hmac' ? undefined : DECOY_PUBLIC_KEYS[algorithm.name]
  return createKey(scheme, { id: 'decoy', secret, publicKey, passphrase: 'decoy' })
}

function prepare(scheme: DeclaredScheme, crypto: CryptoProvider, key: Key): KeyChecker {
  const { algorithm } = scheme
  return algorithm.family === 'hmac' ? prepareHmac(scheme, crypto, key) : prepareKeyPair(scheme, algorithm.name, crypto, key)
}

function prepareHmac(scheme: DeclaredScheme, crypto: CryptoProvider, key: Key): KeyChecker {
  const { digest } = scheme.algorithm
  const signers = key.secrets.map(secret => ({
    sign: crypto.hmac(digest, secret.reveal(), scheme.signature.encoding),
    holdsPassphrase: preparePassphrase(scheme, crypto, key, secret.reveal()),
  }))
  const [only] = signers
  if (signers.length === 1 && only !== undefined && only.holdsPassphrase === undefined) {
    const { sign } = only
    const settle = (expected: string, presented: Presented): Signatures | undefined =>
      isPresented(crypto, expected, presented) ? [expected] : undefined
    return (message, presented) => {
      const expected = sign(message)
      return isPromise(expected) ? expected.then(text => settle(text, presented)) : settle(expected, presented)
    }
  }
  return (message, presented) => {
    const signatures: string[] = []
    let holds = false
    const checked = inTurn(signers, ({ sign, holdsPassphrase }) =>
      whenReady(sign(message), expected =>
        whenReady(holdsPassphrase?.(presented.passphrase) ?? true, passphraseHolds => {
          signatures.push(expected)
          if (isPresented(crypto, expected, presented) && passphraseHolds) holds = true
        }),
      ),
    )
    return whenReady(checked, () => (holds ? signatures : undefined))
  }
}

function isPresented(crypto: CryptoProvider, expected: string, presented: Presented): boolean {
  let holds = crypto.equal(expected, presented.signature)
  for (const signature of presented.moreSignatures) if (crypto.equal(expected, signature)) holds = true
  return holds
}

/** The passphrase travels as it is, or signed with the secret (`{passphrase|hmac|base64}`). */
function preparePassphrase(
  scheme: DeclaredScheme,
  crypto: CryptoProvider,
  key: Key,
  secret: Uint8Array,
): ((presented: string) => MaybePromise<boolean>) | undefined {
  if (!scheme.fields.has('passphrase') || key.passphrase === undefined) return undefined
  const text = new TextDecoder().decode(key.passphrase.reveal())
  const mac = scheme.carriers.flatMap(carrier => carrier.items.flat()).find(part => part.kind === 'mac')
  const sign: SignMessage = mac?.kind === 'mac' ? crypto.hmac(scheme.algorithm.digest, secret, mac.encoding) : () => text
  return presented => whenReady(sign({ before: text, body: undefined, after: '' }), expected => crypto.equal(expected, presented))
}

function prepareKeyPair(scheme: DeclaredScheme, algorithm: KeyPairAlgorithm, crypto: CryptoProvider, key: Key): KeyChecker {
  const verify: VerifyMessage = crypto.keyPairVerify(algorithm, key.publicKey ?? DECOY_PUBLIC_KEYS[algorithm])
  return (message, presented) => {
    const bytes = decodeStrictly(presented.signature, scheme.signature.encoding) ?? utf8('')
    return whenReady(verify(message, bytes), holds => (holds ? [presented.signature] : undefined))
  }
}
