import { crypto as platform } from '#crypto'
import { checkNumbers } from '../contract/check-numbers.ts'
import { CountersignError } from '../contract/error.ts'
import { isPromise, type MaybePromise, whenReady } from '../contract/maybe-promise.ts'
import { checkFunctions, refuseUnknown } from '../contract/refuse-unknown.ts'
import { checkCrypto, checkDeclared } from '../verify/check-options.ts'
import { decodeSecret, encode, utf8 } from '../wire/encoding.ts'
import { type Message, messageBytes } from '../wire/message.ts'
import { type Difference, findDifference, textOf } from './difference.ts'
import { digestHypotheses, guessDigests } from './digests.ts'
import type { Assumptions, Cause, Dimension, Hypothesis } from './hypothesis.ts'
import type { ExplainInput } from './input.ts'
import { createMeter, type Meter, OVER_BUDGET } from './meter.ts'
import { createWriter, type Scene, setScene, type Write } from './scene.ts'
import { type Answer, type Fit, search, type Test } from './search.ts'
import { guessSecrets, secretHypotheses } from './secrets.ts'
import { type SharedHashing, shareHashing, sizeOf } from './shared-hashing.ts'
import { fitsGuess, guessSignatures, spell } from './signatures.ts'

/** Why a signature does not match; every cause given was seen to reproduce what was presented. */
export interface Explanation {
  /**
   * `match`: the signature is right. `explained`: the causes make it. `unexplained`: nothing that was tried does.
   * `unsigned`: the request has no signature, so nothing was tried.
   */
  readonly outcome: 'match' | 'explained' | 'unexplained' | 'unsigned'
  readonly causes: readonly Cause[]
  /** How sure it is: 1 where the whole signature was reproduced, less where only a part was there. */
  readonly confidence: number
  /** The message that is right, and what it gives. */
  readonly expected: { readonly message: string; readonly signature: string | undefined }
  /** The message that the client signed, where it was found. */
  readonly signed: { readonly message: string; readonly signature: string } | undefined
  /** Where the two messages first differ. */
  readonly difference: Difference | undefined
  /** What was tried, and how many of each. */
  readonly ruledOut: readonly { readonly dimension: Dimension; readonly hypotheses: number }[]
  readonly attempts: number
  /** Messages that were not tried, since that would have been more work than is allowed. */
  readonly skipped: number
  /** What the request lacks: headers of the scheme. */
  readonly missing: readonly string[]
}

const MEMBERS: { readonly [N in keyof Required<ExplainInput>]: true } = {
  scheme: true,
  request: true,
  secret: true,
  otherSecrets: true,
  keyId: true,
  passphrase: true,
  clientMessage: true,
  basePath: true,
  maxAttempts: true,
  maxHashedBytes: true,
  maxRewrittenBytes: true,
  maxShownBytes: true,
  crypto: true,
  pause: true,
  now: true,
}

export const DEFAULT_EXPLAIN_ATTEMPTS = 12_000

const NOTHING_TRIED = { found: undefined, attempts: 0, skipped: 0 } as const

/**
 * Finds out why a signature does not match. From the scheme's declaration come the hypotheses, each a named change of
 * one assumption; singles, pairs and triples are tried, the likelier first, until one reproduces the very signature
 * that was presented.
 *
 * @example
 * ```ts
 * const { outcome, causes } = await explain({ scheme: qredoV1, request, secret })
 * for (const { did, fix } of causes) console.log(did, fix)
 * ```
 * @throws CountersignError `url-not-signable`, `secret-malformed`, `option-invalid` for a scheme of key pairs
 */
export async function explain(input: ExplainInput): Promise<Explanation> {
  refuseUnknown(input, Object.keys(MEMBERS), 'explain:')
  checkDeclared(input.scheme)
  checkCrypto(input.crypto)
  checkFunctions({ pause: input.pause, now: input.now })
  const { scheme, crypto = platform, maxAttempts = DEFAULT_EXPLAIN_ATTEMPTS } = input
  const { maxHashedBytes, maxRewrittenBytes = Number.POSITIVE_INFINITY, maxShownBytes = Number.POSITIVE_INFINITY } = input
  checkNumbers({ maxAttempts, maxHashedBytes, maxRewrittenBytes, maxShownBytes })
  if (scheme.algorithm.family !== 'hmac')
    throw new CountersignError(
      'option-invalid',
      `The scheme ${scheme.name} signs with key pairs; what was signed can't be found again from a public key.`,
    )
  if (input.secret === undefined && input.clientMessage === undefined)
    throw new CountersignError('option-invalid', 'Give the secret, or else clientMessage, what the client says it signed.')
  const meter = createMeter({ maxBytes: maxHashedBytes, pause: input.pause, now: input.now })
  const hashing = shareHashing(crypto, meter)
  const rewriting = { meter, maxBytes: maxRewrittenBytes }
  const scene = setScene(input, rewriting)
  await meter.rest()
  const write = createWriter(hashing, scene.base, rewriting)
  const { test, signed } =
    input.secret === undefined ? compareMessages(input.clientMessage ?? '', write, meter) : compareSignatures(input, scene, write, hashing)
  await meter.rest()
  const isUnsigned = input.secret !== undefined && scene.presented === ''
  const hypotheses = [...scene.hypotheses, ...signed.hypotheses]
  const { found, attempts, skipped } = isUnsigned
    ? NOTHING_TRIED
    : await search(scene.assumptions, hypotheses, test, { maxAttempts, meter, inTurn: crypto.synchronous })
  // What is right is told however much was spent.
  meter.lift()
  const rightMessage = await write(scene.assumptions)
  const right = messageHead(rightMessage, maxShownBytes)
  const wrong = found === undefined ? undefined : messageHead(await write(found.assumptions), maxShownBytes)
  const expectedSignature = await signed.expected(rightMessage)
  return {
    outcome: isUnsigned ? 'unsigned' : found === undefined ? 'unexplained' : found.causes.length === 0 ? 'match' : 'explained',
    causes: found?.causes.map(({ code, dimension, did, fix }) => ({ code, dimension, did, fix })) ?? [],
    confidence: found?.confidence ?? 0,
    expected: { message: textOf(right), signature: expectedSignature },
    signed: wrong === undefined ? undefined : { message: textOf(wrong), signature: scene.presented },
    difference: wrong === undefined ? differenceWithClient(right, input.clientMessage) : findDifference(right, wrong),
    ruledOut: found === undefined && !isUnsigned ? countDimensions(hypotheses, input.secret !== undefined) : [],
    attempts,
    skipped,
    missing: scene.missing,
  }
}

interface Comparison {
  readonly test: Test
  readonly signed: {
    readonly hypotheses: readonly Hypothesis[]
    readonly expected: (message: Message) => MaybePromise<string | undefined>
  }
}

function compareMessages(clientMessage: string, write: Write, meter: Meter): Comparison {
  const sameAs = (message: Message): Answer => {
    if (!meter.spend(sizeOf(message))) return 'skipped'
    return textOf(messageBytes(message)) === clientMessage ? { cause: undefined, confidence: 1 } : undefined
  }
  return {
    test: skippable(assumptions => whenReady(write(assumptions), sameAs)),
    signed: { hypotheses: [], expected: () => undefined },
  }
}

function compareSignatures(input: ExplainInput, scene: Scene, write: Write, crypto: SharedHashing): Comparison {
  const { scheme, secret = '', otherSecrets = [], passphrase = '' } = input
  const { encoding, prefix } = scheme.secret
  const read = (given: string | Uint8Array): { text: string; bytes: Uint8Array } =>
    typeof given === 'string'
      ? { text: given, bytes: decodeSecret(given, encoding, prefix) }
      : { text: encoding === 'utf8' ? textOf(given) : prefix + encode(given, encoding), bytes: given }
  const secrets = guessSecrets({ ...read(secret), encoding, prefix, keyId: scene.keyId, passphrase, others: otherSecrets.map(read) })
  const digests = guessDigests(scheme.algorithm.digest, crypto)
  const presented = guessSignatures(scene.presented, scheme.signature.encoding)
  const signers = secrets.map(({ bytes }) => digests.map(({ sign }) => once(() => sign(bytes))))
  const signHex = (message: Message, { secret: at, digest }: Pick<Assumptions, 'secret' | 'digest'>): MaybePromise<string> =>
    signers[at]?.[digest]?.()(message) ?? ''
  const fits = (hex: string): Fit | undefined => {
    for (const guess of presented) {
      if (fitsGuess(guess, hex)) return { cause: guess.cause, confidence: guess.isCut ? confidenceOfCut(guess.hex.length) : 1 }
    }
    return undefined
  }
  return {
    test: skippable(assumptions => whenReady(write(assumptions), message => whenReady(signHex(message, assumptions), fits))),
    signed: {
      hypotheses: [...secretHypotheses(secrets), ...digestHypotheses(digests)],
      expected: message => whenReady(signHex(message, { secret: 0, digest: 0 }), hex => spell(hex, scheme.signature.encoding)),
    },
  }
}

/** What is over the budget is an answer. */
function skippable(test: Test): Test {
  return assumptions => {
    try {
      const answer = test(assumptions)
      return isPromise(answer) ? answer.catch(skippedOrThrown) : answer
    } catch (thrown) {
      return skippedOrThrown(thrown)
    }
  }
}

function skippedOrThrown(thrown: unknown): 'skipped' {
  if (thrown === OVER_BUDGET) return 'skipped'
  throw thrown
}

/** A cut signature of so many hexadecimal digits may fit one of some 2^16 messages by chance. */
function confidenceOfCut(digits: number): number {
  return 1 - 2 ** -Math.min(52, digits * 4 - 16)
}

/** The beginning of a message, without copying the rest of it. */
function messageHead({ before, body, after }: Message, maxBytes: number): Uint8Array {
  if (sizeOf({ before, body, after }) <= maxBytes) return messageBytes({ before, body, after })
  const head = typeof body === 'string' ? body.slice(0, maxBytes) : body?.subarray(0, maxBytes)
  return messageBytes({ before: before.slice(0, maxBytes), body: head, after: after.slice(0, maxBytes) }).subarray(0, maxBytes)
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function differenceWithClient(right: Uint8Array, clientMessage: string | undefined): Difference | undefined {
  return clientMessage === undefined ? undefined : findDifference(right, utf8(clientMessage))
}

function countDimensions(hypotheses: readonly Hypothesis[], withEncoding: boolean): Explanation['ruledOut'] {
  const counts = new Map<Dimension, number>()
  for (const { dimension } of hypotheses) counts.set(dimension, (counts.get(dimension) ?? 0) + 1)
  if (withEncoding) counts.set('encoding', ENCODINGS_TRIED)
  return [...counts].map(([dimension, count]) => ({ dimension, hypotheses: count }))
}

/** The ways in which a presented signature is read, see `signatures.ts`. */
const ENCODINGS_TRIED = 40
