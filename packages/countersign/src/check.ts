import {
  type CryptoProvider,
  inTurn,
  isPromise,
  type MaybePromise,
  type SignMessage,
  type VerifyMessage,
  whenReady,
} from './crypto/provider.ts'
import { decodeStrictly, utf8 } from './encoding.ts'
import { createKey, type Key } from './keys.ts'
import type { Message } from './message.ts'
import type { Presented } from './presented.ts'
import type { Scheme } from './scheme.ts'

/** The signatures of a message under every live secret of its key: what a replay of it would show one of. */
export type Signatures = readonly string[]

/** The signatures when what was presented is one of them; `undefined` when it is not. */
export type Checker = (key: Key, message: Message, presented: Presented) => MaybePromise<Signatures | undefined>

type KeyChecker = (message: Message, presented: Presented) => MaybePromise<Signatures | undefined>

/** Makes the function that compares. What it prepares for a key is kept as long as the key object is. */
export function createChecker(scheme: Scheme, crypto: CryptoProvider): Checker {
  const prepared = new WeakMap<Key, KeyChecker>()
  return (key, message, presented) => {
    let check = prepared.get(key)
    if (check === undefined) {
      check = scheme.algorithm.family === 'hmac' ? prepareHmac(scheme, crypto, key) : prepareRsa(scheme, crypto, key)
      prepared.set(key, check)
    }
    return check(message, presented)
  }
}

/** A key that nobody holds, checked in the place of an unknown one so that both take the same time. */
export function createDecoy(scheme: Scheme): Key {
  const secret = globalThis.crypto.getRandomValues(new Uint8Array(32))
  return createKey(scheme, { id: 'decoy', secret, publicKey: DECOY_PUBLIC_KEY, passphrase: 'decoy' })
}

function prepareHmac(scheme: Scheme, crypto: CryptoProvider, key: Key): KeyChecker {
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
  scheme: Scheme,
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

function prepareRsa(scheme: Scheme, crypto: CryptoProvider, key: Key): KeyChecker {
  const verify: VerifyMessage = crypto.rsaVerify(scheme.algorithm.digest, key.publicKey ?? DECOY_PUBLIC_KEY)
  return (message, presented) => {
    const bytes = decodeStrictly(presented.signature, scheme.signature.encoding) ?? utf8('')
    return whenReady(verify(message, bytes), holds => (holds ? [presented.signature] : undefined))
  }
}

/** The 2048-bit `test-key-rsa` of RFC 9421, Appendix B.1.1: only its size matters here. */
const DECOY_PUBLIC_KEY = `-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEAhAKYdtoeoy8zcAcR874L8cnZxKzAGwd7v36APp7Pv6Q2jdsPBRrw
WEBnez6d0UDKDwGbc6nxfEXAy5mbhgajzrw3MOEt8uA5txSKobBpKDeBLOsdJKFq
MGmXCQvEG7YemcxDTRPxAleIAgYYRjTSd/QBwVW9OwNFhekro3RtlinV0a75jfZg
kne/YiktSvLG34lw2zqXBDTC5NHROUqGTlML4PlNZS5Ri2U4aCNx2rUPRcKIlE0P
uKxI4T+HIaFpv8+rdV6eUgOrB2xeI1dSFFn/nnv5OoZJEIB+VmuKn3DCUcCZSFlQ
PSXSfBDiUGhwOw76WuSSsf1D4b/vLoJ10wIDAQAB
-----END RSA PUBLIC KEY-----
`
