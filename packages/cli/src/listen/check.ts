import {
  type Allowance,
  coverageOf,
  createVerifier,
  DEFAULT_METHODS,
  type IncomingRequest,
  isDeclared,
  memoryReplayGuard,
  type Refusal,
  type Scheme,
  type Verification,
  type Verifier,
} from 'countersign'
import { fixedKeyId, onlyKey, UNNAMED_KEY, type VerificationKey } from '../signing/verification-key.ts'

export interface CheckOptions {
  readonly scheme: Scheme
  readonly key: VerificationKey
  /** How calls name the key; left out: by any id. */
  readonly keyId: string | undefined
  readonly origins: readonly string[]
  readonly allow: readonly Allowance[]
  readonly maxBodyBytes: number
  readonly bodyTimeoutMs: number
}

export interface Checked {
  readonly result: Verification
  /** The very call was verified before. */
  readonly isRepeat: boolean
  /** What the verifier saw of a call that it refused. */
  readonly refusal: Refusal | undefined
}

export type Check = (call: IncomingRequest) => Promise<Checked>

/** Remembers a hundred thousand calls. */
const REPLAY_BYTES = 4_194_304

/**
 * Makes the check of everything that comes in. It differs from an API's verifier in two ways: calls are taken wherever
 * the scheme does not sign a part and does not say itself which are taken; and a call that comes again is verified as
 * before, and said to be a repetition, since providers send an event again until it is taken.
 *
 * @throws CountersignError `scheme-invalid`, `option-invalid`
 */
export function createCheck({ scheme, key, keyId, origins, allow, maxBodyBytes, bodyTimeoutMs }: CheckOptions): Check {
  const refusals = new WeakMap<IncomingRequest, Refusal>()
  const { only } = scheme
  const options = {
    origin: originsFor(scheme, origins),
    keys: onlyKey(scheme, key, keyId),
    allow,
    limits: { maxBodyBytes, bodyTimeoutMs },
    only: { methods: only.methods ?? DEFAULT_METHODS, paths: only.paths ?? 'any', query: only.query ?? 'any', body: only.body ?? 'any' },
    onRefused: (refusal: Refusal) => void refusals.set(refusal.request, refusal),
  } as const
  const replay = scheme.detectsReplays ? memoryReplayGuard({ maxBytes: REPLAY_BYTES }) : undefined
  const pairOf = (fixed: { readonly keyId?: string }): readonly [Verifier, Verifier] => [
    createVerifier(scheme, { ...options, ...fixed, ...(replay === undefined ? {} : { replay }) }),
    createVerifier(scheme, { ...options, ...fixed, replay: 'off' }),
  ]
  const named = pairOf(fixedKeyId(scheme, keyId))
  const unnamed = scheme.keyId === 'optional' && keyId === undefined ? pairOf({ keyId: UNNAMED_KEY }) : undefined

  async function verify([once, always]: readonly [Verifier, Verifier], call: IncomingRequest): Promise<Omit<Checked, 'refusal'>> {
    const result = await once.verify(call)
    if (result.ok || !OF_THE_GUARD.has(result.failure.code)) return { result, isRepeat: false }
    return { result: await always.verify(call), isRepeat: result.failure.code === 'replayed' }
  }

  return async call => {
    const first = await verify(named, call)
    const namesNoKey = !first.result.ok && first.result.failure.code === 'missing-header'
    const { result, isRepeat } = unnamed !== undefined && namesNoKey ? await verify(unnamed, call) : first
    return { result, isRepeat: isRepeat && result.ok, refusal: result.ok ? undefined : refusals.get(call) }
  }
}

/** Refusals of calls that are authentic. */
const OF_THE_GUARD: ReadonlySet<string> = new Set(['replayed', 'replay-guard-full'])

/** With several origins the host has to be one of them, which matters only where it is signed. */
function originsFor(scheme: Scheme, origins: readonly string[]): readonly string[] {
  return signsHost(scheme) ? origins : origins.slice(0, 1)
}

/** Whether the host that was called is a part of what is signed, or may be. */
export function signsHost(scheme: Scheme): boolean {
  return signs(scheme, 'host')
}

/** The same for the path. */
export function signsPath(scheme: Scheme): boolean {
  return signs(scheme, 'path')
}

function signs(scheme: Scheme, part: 'host' | 'path'): boolean {
  return !isDeclared(scheme) || ['GET', 'POST'].some(method => coverageOf(scheme, method).parts[part] !== 'not')
}
