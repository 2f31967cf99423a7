import { inTurn, isPromise, type MaybePromise, whenReady } from '../contract/maybe-promise.ts'
import type { Digest } from '../crypto/algorithm.ts'
import type { CryptoProvider, SignMessage } from '../crypto/provider.ts'
import type { Composition, TimelyClaim } from '../scheme/plan.ts'
import { carriedMac, isDeclared, type Scheme } from '../scheme/scheme.ts'
import { type Message, textMessage } from '../wire/message.ts'
import { createDerivedSigner } from './derive.ts'
import type { Key } from './key.ts'

/** A signature that holds under a secret. */
interface HeldHmac {
  readonly callIds: readonly string[]
  /** Which of the secrets, counted from 0. */
  readonly credential: number
}

/** The ids of the call when what was presented is right under one of the key's secrets; `undefined` when it is not. */
export type CheckHmac = (message: Message, claim: TimelyClaim, composition: Composition) => MaybePromise<HeldHmac | undefined>

/**
 * Makes the check for one key. The call's ids are its nonce, or else the right signature under each live secret: a
 * replay could be signed with any of them.
 */
export function createHmacCheck(
  scheme: Scheme,
  crypto: CryptoProvider,
  { id, secrets, passphrase }: Pick<Key, 'id' | 'secrets' | 'passphrase'>,
  digest: Digest,
): CheckHmac {
  const { derivedKey, signature } = scheme
  const signers = secrets.map(secret => ({
    sign: derivedKey === undefined ? crypto.hmac(digest, secret.reveal(), signature.encoding) : undefined,
    derived:
      derivedKey === undefined ? undefined : createDerivedSigner(derivedKey.prefix, secret.reveal(), digest, signature.encoding, crypto),
    holdsPassphrase: preparePassphrase(scheme, crypto, passphrase, secret.reveal(), digest),
  }))
  const idsOf = (claim: TimelyClaim, expected: readonly string[]): readonly string[] =>
    claim.nonce === '' ? expected : [`${id} ${claim.nonce}`]

  const [only] = signers
  if (signers.length === 1 && only?.sign !== undefined && only.holdsPassphrase === undefined) {
    // The common case, kept free of steps that it does not need.
    const { sign } = only
    const settle = (expected: string, claim: TimelyClaim): HeldHmac | undefined =>
      isPresented(crypto, expected, claim) && takesPassphrase(claim) ? { callIds: idsOf(claim, [expected]), credential: 0 } : undefined
    return (message, claim) => {
      const expected = sign(message)
      return isPromise(expected) ? expected.then(text => settle(text, claim)) : settle(expected, claim)
    }
  }

  return (message, claim, composition) => {
    const signatures: string[] = []
    let credential = -1
    const checked = inTurn(signers, ({ sign, derived, holdsPassphrase }) => {
      const expected = sign === undefined ? derived?.sign(message, composition) : sign(message)
      return whenReady(expected ?? '', text =>
        whenReady(holdsPassphrase?.(claim.passphrase) ?? takesPassphrase(claim), passphraseHolds => {
          signatures.push(text)
          const isRight = isPresented(crypto, text, claim) && passphraseHolds
          if (isRight && credential < 0) credential = signatures.length - 1
          return isRight ? derived?.keep(composition) : derived?.spend(composition)
        }),
      )
    })
    return whenReady(checked, () => (credential < 0 ? undefined : { callIds: idsOf(claim, signatures), credential }))
  }
}

/** A key without a passphrase takes none: not in a scheme that wants one, and no made-up session token of SigV4. */
function takesPassphrase({ passphrase }: TimelyClaim): boolean {
  return passphrase === undefined || passphrase === ''
}

function isPresented(crypto: CryptoProvider, expected: string, { signature, moreSignatures }: TimelyClaim): boolean {
  let holds = crypto.equal(expected, signature)
  for (const other of moreSignatures) if (crypto.equal(expected, other)) holds = true
  return holds
}

/** The passphrase travels as it is, or signed with the secret (`{passphrase|hmac|base64}`). */
function preparePassphrase(
  scheme: Scheme,
  crypto: CryptoProvider,
  passphrase: Key['passphrase'],
  secret: Uint8Array,
  digest: Digest,
): ((presented: string | undefined) => MaybePromise<boolean>) | undefined {
  if (passphrase === undefined) return undefined
  const text = new TextDecoder().decode(passphrase.reveal())
  const mac = isDeclared(scheme) ? carriedMac(scheme) : undefined
  const sign: SignMessage = mac === undefined ? () => text : crypto.hmac(digest, secret, mac)
  // A scheme that carries none says nothing of it.
  return presented => presented === undefined || whenReady(sign(textMessage(text)), expected => crypto.equal(expected, presented))
}
