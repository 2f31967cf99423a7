import { CountersignError } from '../contract/error.ts'
import { checkFunctions, refuseUnknown } from '../contract/refuse-unknown.ts'
import { KEY_ID, KEY_ID_IS } from '../keys/check-credentials.ts'
import type { Scheme } from '../scheme/scheme.ts'
import type { VerifierLimits, VerifierOptions } from './types.ts'

const VERIFIER_OPTIONS: { readonly [N in keyof Required<VerifierOptions>]: true } = {
  origin: true,
  keys: true,
  replay: true,
  toleranceMs: true,
  clock: true,
  timer: true,
  limits: true,
  allow: true,
  only: true,
  keyId: true,
  crypto: true,
  onRefused: true,
}

const VERIFIER_LIMITS: { readonly [N in keyof Required<VerifierLimits>]: true } = {
  maxBodyBytes: true,
  maxTargetLength: true,
  methods: true,
  sourceTimeoutMs: true,
  bodyTimeoutMs: true,
}

/** @throws CountersignError `option-invalid` for a member that a verifier does not have, or that is of another type */
export function checkMembersOfOptions(options: VerifierOptions): void {
  refuseUnknown(options, Object.keys(VERIFIER_OPTIONS), 'createVerifier:')
  const { limits = {}, clock, timer, onRefused, origin } = options
  if (typeof limits !== 'object' || limits === null) throw new CountersignError('option-invalid', 'The option limits is an object.')
  refuseUnknown(limits, Object.keys(VERIFIER_LIMITS), 'createVerifier, limits:')
  checkFunctions({ clock, timer, onRefused })
  if (origin === undefined)
    throw new CountersignError(
      'option-invalid',
      "createVerifier wants the option origin: the API's public URL, such as https://api.example.com.",
    )
}

/**
 * A list or a Map in the place of a source would answer every call with a 503.
 *
 * @throws CountersignError `option-invalid`
 */
export function checkSources(keys: unknown, replay: unknown): void {
  if (!has(keys, 'find'))
    throw new CountersignError('option-invalid', 'The option keys is an object with the function find(keyId), such as memoryKeys makes.')
  if (replay !== undefined && replay !== 'off' && !has(replay, 'claim'))
    throw new CountersignError(
      'option-invalid',
      "The option replay is an object with the function claim, such as memoryReplayGuard makes, or 'off'.",
    )
}

function has(value: unknown, name: string): boolean {
  // A list has a function find, too.
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    typeof (value as { [name: string]: unknown })[name] === 'function'
  )
}

/** @throws CountersignError `option-invalid` */
export function readFixedKeyId({ name, keyId: carries }: Scheme, keyId: string | undefined): string | undefined {
  if (carries === 'carried' && keyId !== undefined)
    throw new CountersignError('option-invalid', `The scheme ${name} carries a key id, so leave the option keyId out.`)
  if (carries === 'none' && keyId === undefined)
    throw new CountersignError('option-invalid', `The scheme ${name} carries no key id: name the key to verify with in the option keyId.`)
  if (keyId !== undefined && !KEY_ID.test(keyId)) throw new CountersignError('option-invalid', `The option keyId: ${KEY_ID_IS}.`)
  return keyId
}
