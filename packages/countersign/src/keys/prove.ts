import type { Failure } from '../contract/failure.ts'
import { inTurn, isPromise, type MaybePromise, whenReady } from '../contract/maybe-promise.ts'
import { type Algorithm, algorithmFacts } from '../crypto/algorithm.ts'
import { MIN_RSA_BITS } from '../crypto/modulus.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import { signatureBytes } from '../crypto/signature-bytes.ts'
import type { Call } from '../recipe/call.ts'
import type { CompiledHash } from '../recipe/compile.ts'
import { fillHashes } from '../recipe/fill-hashes.ts'
import { fieldsOf } from '../recipe/recipe.ts'
import type { Composition, TimelyClaim } from '../scheme/plan.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { decodedLength, decodeStrictly } from '../wire/encoding.ts'
import { type Message, textMessage } from '../wire/message.ts'
import { type CheckHmac, createHmacCheck } from './check-hmac.ts'
import { decoyPublicKey } from './decoys.ts'
import { type Key, MAX_LIVE_SECRETS } from './key.ts'
import { keyMaterial, MAX_RSA_BITS } from './public-key.ts'
import { Secret } from './secret.ts'

/** A signature that holds. */
export interface Proof {
  /** For the replay guard: of the nonce, else of what was signed; never of the signature as it was presented. */
  readonly callIds: readonly string[]
}

/**
 * Compares what was presented with what is right. A key that holds costs its own check. A wrong signature costs every
 * check that its length and its label call for, whether there is such a key or not, so that its time tells nothing of
 * which keys exist, nor of what kind they are.
 *
 * @param digests of the body, kept while several signatures of one request are tried
 * @param isDeferred the body is not there: the digest that was stated stands for it, and is compared by whoever reads
 * the body
 * @returns `undefined` when the signature is not one of the key's; a failure when the request could not be judged
 */
type Prove = (
  key: Key | undefined,
  composition: Composition,
  claim: TimelyClaim,
  isDeferred: boolean,
  digests?: Digests,
) => MaybePromise<Proof | Failure | undefined>

export interface Prover {
  readonly prove: Prove
  /** Whether a wrong signature of this length and label costs work with key pairs, which is up to a millisecond. */
  readonly isCostly: (claim: TimelyClaim) => boolean
}

/** Digests of one body, each worked out once. */
export type Digests = Map<CompiledHash, MaybePromise<string>>

type Check = (message: Message, claim: TimelyClaim, composition: Composition) => MaybePromise<readonly string[] | undefined>

/** What a check needs of a key; a decoy has no more. */
type CheckedKey = Pick<Key, 'algorithm' | 'secrets' | 'publicKey' | 'passphrase' | 'id'>

/** Makes the prover of a scheme. What it prepares for a key is cached as long as the key object lives. */
export function createProver(scheme: Scheme, crypto: CryptoProvider, given: readonly Algorithm[] = scheme.algorithms): Prover {
  const algorithms = given.length === 0 ? scheme.algorithms : given
  const prepared = new WeakMap<Key, Check>()
  const decoysFor = createDecoys(scheme, algorithms, key => prepare(scheme, crypto, key))
  const signsPassphrase = scheme.message.of.flatMap(fieldsOf).includes('passphrase')
  const hasOneLength = hasOnlyOneLength(scheme)

  function checkOf(key: Key): Check {
    let check = prepared.get(key)
    if (check === undefined) {
      check = prepare(scheme, crypto, key)
      prepared.set(key, check)
    }
    return check
  }

  /** Whether a signature has the length of this key's, and the call says nothing else of it. */
  function fits(key: Key, claim: TimelyClaim): boolean {
    return (hasOneLength || lengthsOf(scheme, claim).includes(key.signatureBytes)) && claim.algorithms?.includes(key.algorithm) !== false
  }

  /** Writes the message, now that its hashes are there, and compares. */
  function settle(key: Key | undefined, composition: Composition, claim: TimelyClaim): MaybePromise<Proof | Failure | undefined> {
    const { made, call } = composition
    const message = made.write(call)
    if (call.missing !== undefined) return { code: 'missing-header', header: call.missing }
    const ids = key === undefined ? undefined : checkOf(key)(message, claim, composition)
    if (isPromise(ids)) return ids.then(callIds => (callIds === undefined ? spend(key, message, composition, claim) : { callIds }))
    return ids === undefined ? spend(key, message, composition, claim) : { callIds: ids }
  }

  /** Runs the decoy checks. */
  function spend(key: Key | undefined, message: Message, composition: Composition, claim: TimelyClaim): MaybePromise<undefined> {
    const spent = inTurn(decoysFor(claim, key), check => whenReady(check(message, claim, composition), nothing))
    return whenReady(spent, nothing)
  }

  const prove: Prove = (key, composition, claim, isDeferred, digests) => {
    const { made, call } = composition
    if (signsPassphrase && key?.passphrase !== undefined) call.passphrase = new TextDecoder().decode(key.passphrase.reveal())
    const fitting = key !== undefined && fits(key, claim) ? key : undefined
    if (made.hashes.length === 0 && claim.stated.length === 0) return settle(fitting, composition, claim)
    return whenReady(fillHashes(crypto, made.hashes, call), () =>
      whenReady(compareStated(composition, claim, isDeferred, crypto, digests), holds =>
        holds ? settle(fitting, composition, claim) : { code: 'digest-mismatch' },
      ),
    )
  }

  return {
    prove,
    isCostly: claim =>
      !hasOneLength &&
      algorithms.some(name => !name.startsWith('hmac') && lengthsOf(scheme, claim).some(length => calledFor(name, length, claim))),
  }
}

const nothing = (): undefined => undefined

function hasOnlyOneLength(scheme: Scheme): boolean {
  return scheme.algorithms.length === 1 && scheme.keys === 'secret'
}

/** Of the signatures that were presented, in bytes. */
function lengthsOf(scheme: Scheme, { signature, moreSignatures }: TimelyClaim): readonly number[] {
  const lengthOfText = (text: string): number => decodedLength(text, scheme.signature.encoding)
  return moreSignatures.length === 0 ? [lengthOfText(signature)] : [signature, ...moreSignatures].map(lengthOfText)
}

/** Whether every digest that the call states is the right one. Of a deferred body they stand for the hash itself. */
function compareStated(
  { made, call }: Composition,
  { stated }: TimelyClaim,
  isDeferred: boolean,
  crypto: CryptoProvider,
  digests: Digests | undefined,
): MaybePromise<boolean> {
  let holds = true
  const compared = inTurn(stated, ({ text, hash }) => {
    const slot = made.hashes.indexOf(hash)
    if (isDeferred) {
      if (slot >= 0) call.hashes[slot] = text
      return undefined
    }
    const right = slot >= 0 ? String(call.hashes[slot]) : (digests?.get(hash) ?? workOut(hash, call, crypto))
    digests?.set(hash, right)
    return whenReady(right, expected => {
      if (!crypto.equal(expected, text)) holds = false
    })
  })
  return whenReady(compared, () => holds)
}

function workOut({ digest, encoding, write }: CompiledHash, call: Call, crypto: CryptoProvider): MaybePromise<string> {
  return crypto.hashText(digest, write(call), encoding === 'raw' ? 'hex' : encoding)
}

function prepare(scheme: Scheme, crypto: CryptoProvider, key: CheckedKey): Check {
  const facts = algorithmFacts(key.algorithm)
  if (facts.family === 'hmac') {
    const check: CheckHmac = createHmacCheck(scheme, crypto, key, facts.digest)
    return (message, claim, composition) => check(message, claim, composition)
  }
  const { publicKey = '' } = key
  const verify = crypto.keyPairVerify(facts.name, publicKey)
  const identity = keyMaterial(publicKey)
  return (message, claim) => {
    let holds = false
    const verified = inTurn([claim.signature, ...claim.moreSignatures], signature => {
      const bytes = decodeStrictly(signature, scheme.signature.encoding)
      return bytes === undefined
        ? undefined
        : whenReady(verify(message, bytes), good => {
            if (good) holds = true
          })
    })
    return whenReady(verified, () => {
      if (!holds) return undefined
      // Of the key itself, since its id may not be signed, and another id may have the same key. A second signature of
      // the same message is the same call: for ECDSA there is always one, (r, n − s).
      const call = claim.nonce === '' ? { ...message, before: `${identity}\n${message.before}` } : textMessage(`${identity} ${claim.nonce}`)
      const id = crypto.hashText('sha256', call, 'base64')
      return whenReady(id, text => [text])
    })
  }
}

/**
 * Keys that nobody holds, one for each kind of key and length of signature, and the checks by them that a wrong
 * signature costs: of every kind that has this length, and that the call's label allows. A secret costs as much as all
 * that a key may have.
 */
function createDecoys(
  scheme: Scheme,
  algorithms: readonly Algorithm[],
  prepareKey: (key: CheckedKey) => Check,
): (claim: TimelyClaim, checked: Key | undefined) => readonly Check[] {
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
      check = prepareKey({ id: 'decoy', algorithm, secrets, publicKey, passphrase })
      checks.set(id, check)
    }
    return check
  }

  return (claim, checked) => {
    const work: Check[] = []
    const seen = new Set<string>()
    const own = checked === undefined ? undefined : `${kindOf(checked.algorithm)} ${checked.signatureBytes}`
    for (const length of hasOneLength ? ONE_LENGTH : lengthsOf(scheme, claim)) {
      for (const algorithm of algorithms) {
        if (!hasOneLength && !calledFor(algorithm, length, claim)) continue
        const id = `${kindOf(algorithm)} ${length}`
        if (seen.has(id)) continue
        seen.add(id)
        const done = id === own || (hasOneLength && own !== undefined) ? Math.max(1, checked?.secrets.length ?? 0) : 0
        const wanted = algorithm.startsWith('hmac') ? MAX_LIVE_SECRETS : 1
        for (let count = done; count < wanted; count++) work.push(decoy(algorithm, length))
      }
    }
    return work
  }
}

const ONE_LENGTH = [0]

/** What takes as long: RSA's time is that of its modulus, whatever is made of the message. */
function kindOf(name: Algorithm): string {
  return name.startsWith('rsa') ? 'rsa' : name
}

/** Whether a signature of so many bytes, with the call's label, may be one of the algorithm. */
function calledFor(name: Algorithm, length: number, { algorithms }: TimelyClaim): boolean {
  return algorithms?.includes(name) !== false && hasLength(name, length)
}

/** Whether a signature of so many bytes may be one of the algorithm; RSA's are as long as the modulus. */
function hasLength(name: Algorithm, length: number): boolean {
  if (!name.startsWith('rsa')) return signatureBytes(name) === length
  return Number.isInteger(length) && length >= MIN_RSA_BITS / 8 && length <= MAX_RSA_BITS / 8
}
