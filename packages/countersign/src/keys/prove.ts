import type { Failure } from '../contract/failure.ts'
import { type Algorithm, algorithmFacts } from '../crypto/algorithm.ts'
import { createFingerprinter } from '../crypto/fingerprint.ts'
import { MIN_RSA_BITS } from '../crypto/modulus.ts'
import { type CryptoProvider, inTurn, isPromise, type MaybePromise, whenReady } from '../crypto/provider.ts'
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
import type { Key } from './key.ts'
import { keyMaterial, MAX_RSA_BITS } from './public-key.ts'
import { Secret } from './secret.ts'

/** A signature that holds. */
export interface Proof {
  /** For the replay guard: of the nonce, else of what was signed; never of the signature as it was presented. */
  readonly callIds: readonly string[]
}

/**
 * Compares what was presented with what is right. The work is chosen by what was presented, whether there is such a key
 * or not, so that its time tells nothing of which keys exist.
 *
 * @param digests of the body, kept while several signatures of one request are tried
 * @param isDeferred the body is not there: the digest that was stated stands for it, and is compared by whoever reads
 * the body
 * @returns `undefined` when the signature is not one of the key's; a failure when the request could not be judged
 */
export type Prove = (
  keyId: string,
  key: Key | undefined,
  composition: Composition,
  claim: TimelyClaim,
  isDeferred: boolean,
  digests?: Digests,
) => MaybePromise<Proof | Failure | undefined>

/** Digests of one body, each worked out once. */
export type Digests = Map<CompiledHash, MaybePromise<string>>

type Check = (message: Message, claim: TimelyClaim, composition: Composition) => MaybePromise<readonly string[] | undefined>

/** What a check needs of a key; a decoy has no more. */
type CheckedKey = Pick<Key, 'algorithm' | 'secrets' | 'publicKey' | 'passphrase' | 'id'>

/** Makes the prover of a scheme. What it prepares for a key is cached as long as the key object lives. */
export function createProver(scheme: Scheme, crypto: CryptoProvider, algorithms: readonly Algorithm[] = scheme.algorithms): Prove {
  const prepared = new WeakMap<Key, Check>()
  const findDecoy = createDecoys(scheme, algorithms.length === 0 ? scheme.algorithms : algorithms, key => prepare(scheme, crypto, key))
  const signsPassphrase = scheme.message.of.flatMap(fieldsOf).includes('passphrase')
  const hasOneLength = scheme.algorithms.length === 1 && scheme.keys === 'secret'

  const lengthOfText = (text: string): number => decodedLength(text, scheme.signature.encoding)

  function lengthsOf({ signature, moreSignatures }: TimelyClaim): readonly number[] {
    return hasOneLength ? ONE_LENGTH : [signature, ...moreSignatures].map(lengthOfText)
  }

  function checkOf(keyId: string, key: Key | undefined, claim: TimelyClaim): Check {
    if (key === undefined || !(hasOneLength || lengthsOf(claim).includes(key.signatureBytes))) return findDecoy(keyId, lengthsOf(claim))
    let check = prepared.get(key)
    if (check === undefined) {
      check = prepare(scheme, crypto, key)
      prepared.set(key, check)
    }
    return check
  }

  return (keyId, key, composition, claim, isDeferred, digests) => {
    const { made, call } = composition
    if (signsPassphrase && key?.passphrase !== undefined) call.passphrase = new TextDecoder().decode(key.passphrase.reveal())
    const check = checkOf(keyId, key, claim)
    // A label that contradicts changes nothing of the work.
    const meant = key === undefined || claim.algorithms?.includes(key.algorithm) === false ? undefined : key
    if (made.hashes.length === 0 && claim.stated.length === 0) return settle(meant, check, composition, claim)
    return whenReady(fillHashes(crypto, made.hashes, call), () =>
      whenReady(compareStated(composition, claim, isDeferred, crypto, digests), holds =>
        holds ? settle(meant, check, composition, claim) : { code: 'digest-mismatch' },
      ),
    )
  }
}

/** Writes the message, now that its hashes are there, and compares. */
function settle(
  key: Key | undefined,
  check: Check,
  composition: Composition,
  claim: TimelyClaim,
): MaybePromise<Proof | Failure | undefined> {
  const { made, call } = composition
  const message = made.write(call)
  if (call.missing !== undefined) return { code: 'missing-header', header: call.missing }
  const ids = check(message, claim, composition)
  return isPromise(ids) ? ids.then(callIds => conclude(key, callIds)) : conclude(key, ids)
}

function conclude(key: Key | undefined, callIds: readonly string[] | undefined): Proof | undefined {
  return callIds === undefined || key === undefined ? undefined : { callIds }
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
 * Keys that nobody holds, one for each algorithm and length of signature. Where several lengths were presented, or
 * several algorithms have the length, a keyed hash of the key id chooses, always alike: whoever asks twice learns
 * nothing.
 */
function createDecoys(
  scheme: Scheme,
  algorithms: readonly Algorithm[],
  prepareKey: (key: CheckedKey) => Check,
): (keyId: string, lengths: readonly number[]) => Check {
  const checks = new Map<string, Check>()
  const classes = new Map<number, readonly Algorithm[]>()
  const print = { low: 0, high: 0 }
  let fingerprint: ReturnType<typeof createFingerprinter> | undefined

  function algorithmsFor(length: number): readonly Algorithm[] {
    let found = classes.get(length)
    if (found === undefined) {
      const distance = (name: Algorithm): number => Math.abs(lengthOf(name, length) - length)
      const nearest = Math.min(...algorithms.map(distance))
      found = algorithms.filter(name => distance(name) === nearest)
      if (classes.size < MAX_CLASSES) classes.set(length, found)
    }
    return found
  }

  function possible(lengths: readonly number[]): readonly number[] {
    return [...new Set(lengths)].filter(length => algorithms.some(name => lengthOf(name, length) === length)).sort((a, b) => a - b)
  }

  function choose<T>(keyId: string, among: readonly T[], otherwise: T): T {
    if (among.length < 2) return among[0] ?? otherwise
    // Made at the first use: at a module's start some platforms give no random numbers yet.
    fingerprint ??= createFingerprinter([randomWord(), randomWord()])
    fingerprint(keyId, print)
    return among[(print.low >>> 0) % among.length] ?? otherwise
  }

  return (keyId, lengths) => {
    const [first = 0] = lengths
    // What no key of the scheme has is no work for any.
    const length = lengths.length === 1 ? first : choose(keyId, possible(lengths), first)
    const algorithm = choose(keyId, algorithmsFor(length), scheme.algorithms[0])
    const bytes = lengthOf(algorithm, length)
    const id = `${algorithm} ${bytes}`
    let check = checks.get(id)
    if (check === undefined) {
      const { family, name } = algorithmFacts(algorithm)
      const passphrase = scheme.hasPassphrase ? new Secret(globalThis.crypto.getRandomValues(new Uint8Array(16))) : undefined
      const secrets = family === 'hmac' ? [new Secret(globalThis.crypto.getRandomValues(new Uint8Array(32)))] : []
      const publicKey = family === 'hmac' ? undefined : decoyPublicKey(name, bytes)
      check = prepareKey({ id: 'decoy', algorithm, secrets, publicKey, passphrase })
      checks.set(id, check)
    }
    return check
  }
}

const ONE_LENGTH = [0]

/** Lengths of signatures that are remembered with their algorithms. */
const MAX_CLASSES = 64

/**
 * How long a signature of an algorithm is; RSA's are as long as the modulus, so of the lengths that keys may have the
 * nearest.
 */
function lengthOf(name: Algorithm, presented: number): number {
  return name.startsWith('rsa') ? Math.min(Math.max(Math.ceil(presented), MIN_RSA_BITS / 8), MAX_RSA_BITS / 8) : signatureBytes(name)
}

function randomWord(): number {
  return globalThis.crypto.getRandomValues(new Int32Array(1))[0] ?? 0
}
