import type { Failure } from '../contract/failure.ts'
import { inTurn, isPromise, type MaybePromise, whenReady } from '../contract/maybe-promise.ts'
import { type Algorithm, algorithmFacts } from '../crypto/algorithm.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { Call } from '../recipe/call.ts'
import type { CompiledHash } from '../recipe/compile.ts'
import { fillHashes } from '../recipe/fill-hashes.ts'
import { fieldsOf } from '../recipe/recipe.ts'
import type { Composition, Stated, TimelyClaim } from '../scheme/plan.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { decodeStrictly } from '../wire/encoding.ts'
import { type Message, textMessage } from '../wire/message.ts'
import { type CheckHmac, createHmacCheck } from './check-hmac.ts'
import { type CheckedKey, createDecoys } from './decoys.ts'
import type { Key } from './key.ts'
import { keyMaterial } from './public-key.ts'
import { calledFor, hasOnlyOneLength, lengthsOf } from './signature-lengths.ts'

/** A signature that holds. */
export interface Proof {
  /** For the replay guard: of the nonce, else of what was signed; never of the signature as it was presented. */
  readonly callIds: readonly string[]
  /** Which of the key's secrets or public keys it holds with, counted from 0. */
  readonly credential: number
}

/**
 * Compares what was presented with what is right. A key that holds costs its own check. A wrong signature costs every
 * check that its length and its label call for, whether there is such a key or not, so that its time tells nothing of
 * which keys exist, nor of what kind they are.
 *
 * @param digests of the body, kept while several signatures of one request are tried
 * @returns `undefined` when the signature is not one of the key's; a failure when the request could not be judged
 */
type Prove = (
  key: Key | undefined,
  composition: Composition,
  claim: TimelyClaim,
  body: BodyState,
  digests?: Digests,
) => MaybePromise<Proof | Failure | undefined>

/**
 * Where the body is. `deferred`: to come; the digest that was stated stands for it, and is compared by whoever reads
 * the body. A function: the body was dropped, something of its length stands for it, and the function knows its
 * digests; the call has no key then.
 */
export type BodyState = 'kept' | 'deferred' | ((stated: Stated) => string | undefined)

export interface Prover {
  readonly prove: Prove
  /** Whether a wrong signature of this length and label costs work with key pairs, which is up to a millisecond. */
  readonly isCostly: (claim: TimelyClaim) => boolean
}

/** Digests of one body, each worked out once. A signature that is judged without the body has no use for them. */
export interface Digests {
  readonly of: Uint8Array | undefined
  readonly texts: Map<CompiledHash, MaybePromise<string>>
}

type Check = (message: Message, claim: TimelyClaim, composition: Composition) => MaybePromise<Proof | undefined>

/** A key, or one of the public keys of a key that is rotated. */
interface Candidate extends CheckedKey {
  /** Which of the public keys. */
  readonly at?: number
}

/** Makes the prover of a scheme. What it prepares for a key is cached as long as the key object lives. */
export function createProver(scheme: Scheme, crypto: CryptoProvider, given: readonly Algorithm[] = scheme.algorithms): Prover {
  const algorithms = given.length === 0 ? scheme.algorithms : given
  const prepared = new WeakMap<Candidate, Check>()
  const split = new WeakMap<Key, readonly Candidate[]>()
  const decoysFor = createDecoys(scheme, algorithms, key => prepare(scheme, crypto, key))
  const signsPassphrase = scheme.message.of.flatMap(fieldsOf).includes('passphrase')
  const hasOneLength = hasOnlyOneLength(scheme)

  function checkOf(key: Candidate): Check {
    let check = prepared.get(key)
    if (check === undefined) {
      check = prepare(scheme, crypto, key)
      prepared.set(key, check)
    }
    return check
  }

  /** Whether a signature has the length of this key's, and the call says nothing else of it. */
  function fits(key: Candidate, claim: TimelyClaim): boolean {
    return (hasOneLength || lengthsOf(scheme, claim).includes(key.signatureBytes)) && claim.algorithms?.includes(key.algorithm) !== false
  }

  function candidatesOf(key: Key): readonly Candidate[] {
    if (key.publicKeys.length < 2) return [key]
    let candidates = split.get(key)
    if (candidates === undefined) {
      candidates = key.publicKeys.map((part, at) => ({ ...part, at, id: key.id, secrets: [], passphrase: key.passphrase }))
      split.set(key, candidates)
    }
    return candidates
  }

  /** Writes the message, now that its hashes are there, and compares. */
  function settle(keys: readonly Candidate[], composition: Composition, claim: TimelyClaim): MaybePromise<Proof | Failure | undefined> {
    const { made, call } = composition
    const message = made.write(call)
    if (call.missing !== undefined) return { code: 'missing-header', header: call.missing }
    const tryFrom = (at: number): MaybePromise<Proof | undefined> => {
      const key = keys[at]
      if (key === undefined) return spend(keys, message, composition, claim)
      const proof = checkOf(key)(message, claim, composition)
      return isPromise(proof) ? proof.then(found => found ?? tryFrom(at + 1)) : (proof ?? tryFrom(at + 1))
    }
    return tryFrom(0)
  }

  /** Runs the decoy checks. */
  function spend(keys: readonly Candidate[], message: Message, composition: Composition, claim: TimelyClaim): MaybePromise<undefined> {
    const spent = inTurn(decoysFor(claim, keys), check => whenReady(check(message, claim, composition), nothing))
    return whenReady(spent, nothing)
  }

  const prove: Prove = (key, composition, claim, body, digests) => {
    const { made, call } = composition
    if (signsPassphrase && key?.passphrase !== undefined) call.passphrase = new TextDecoder().decode(key.passphrase.reveal())
    const fitting = key === undefined ? NOBODY : candidatesOf(key).filter(candidate => fits(candidate, claim))
    if (made.hashes.length === 0 && claim.stated.length === 0) return settle(fitting, composition, claim)
    return whenReady(fillHashes(crypto, made.hashes, call), () =>
      whenReady(compareStated(composition, claim, body, crypto, digests), holds =>
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

const NOBODY: readonly Candidate[] = []

const nothing = (): undefined => undefined

/** Whether every digest that the call states is the right one. Of a deferred body they stand for the hash itself. */
function compareStated(
  { made, call }: Composition,
  { stated }: TimelyClaim,
  body: BodyState,
  crypto: CryptoProvider,
  digests: Digests | undefined,
): MaybePromise<boolean> {
  let holds = true
  const known = digests?.of === call.body ? digests?.texts : undefined
  const compared = inTurn(stated, one => {
    const { text, hash } = one
    const slot = made.hashes.indexOf(hash)
    if (body === 'deferred') {
      if (slot >= 0) call.hashes[slot] = text
      return undefined
    }
    const right = slot >= 0 ? String(call.hashes[slot]) : (known?.get(hash) ?? workOut(hash, call, crypto))
    known?.set(hash, right)
    return whenReady(right, expected => {
      const own = body === 'kept' || call.body === undefined ? expected : (body(one) ?? '')
      if (!crypto.equal(own, text)) holds = false
    })
  })
  return whenReady(compared, () => holds)
}

function workOut({ digest, encoding, write }: CompiledHash, call: Call, crypto: CryptoProvider): MaybePromise<string> {
  return crypto.hashText(digest, write(call), encoding === 'raw' ? 'hex' : encoding)
}

function prepare(scheme: Scheme, crypto: CryptoProvider, key: Candidate): Check {
  const facts = algorithmFacts(key.algorithm)
  if (facts.family === 'hmac') {
    const check: CheckHmac = createHmacCheck(scheme, crypto, key, facts.digest)
    return (message, claim, composition) => check(message, claim, composition)
  }
  const { publicKey = '', at = 0 } = key
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
      return whenReady(id, text => ({ callIds: [text], credential: at }))
    })
  }
}
