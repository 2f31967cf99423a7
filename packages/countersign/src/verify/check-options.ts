import { CountersignError } from '../contract/error.ts'
import { shown } from '../contract/one-of.ts'
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
  const { limits = {}, clock, timer, onRefused, origin, crypto } = options
  refuseUnknown(limits, Object.keys(VERIFIER_LIMITS), 'createVerifier, limits:')
  checkFunctions({ clock, timer, onRefused })
  checkCrypto(crypto)
  const isList = Array.isArray(origin) && origin.every(one => typeof one === 'string')
  if (typeof origin !== 'string' && !isList)
    throw new CountersignError(
      'option-invalid',
      `createVerifier wants the option origin: the API's public URL, such as https://api.example.com, or a list of them; got ${shown(origin)}.`,
    )
}

/** @throws CountersignError `option-invalid` */
export function checkDeclared(scheme: unknown): void {
  if (typeof scheme !== 'object' || scheme === null || !('declaration' in scheme))
    throw new CountersignError(
      'option-invalid',
      "The option scheme is one made by defineScheme, such as qredoV1; a scheme with logic of its own can't be explained.",
    )
}

/** @throws CountersignError `option-invalid` */
export function checkCrypto(crypto: unknown): void {
  if (crypto !== undefined && !(has(crypto, 'hmac') && has(crypto, 'hash') && has(crypto, 'equal')))
    throw new CountersignError('option-invalid', 'The option crypto is an object with the functions of a CryptoProvider, such as hmac.')
}

/**
 * A list or a Map in the place of a source would answer every call with a 503.
 *
 * @throws CountersignError `option-invalid`
 */
export function checkSources(keys: unknown, replay: unknown): void {
  if (!has(keys, 'find'))
    throw new CountersignError('option-invalid', 'The option keys is an object with a function find(keyId), such as memoryKeys(…).')
  if (replay !== undefined && replay !== 'off' && !has(replay, 'claim'))
    throw new CountersignError(
      'option-invalid',
      "The option replay is an object with a function claim, such as memoryReplayGuard(…), or 'off'.",
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
export function readFixedKeyId({ name, keyId: carries }: Scheme, keyId: VerifierOptions['keyId']): VerifierOptions['keyId'] {
  if (carries === 'carried' && keyId !== undefined)
    throw new CountersignError('option-invalid', `The scheme ${name} carries a key id, so leave the option keyId out.`)
  if (carries === 'none' && keyId === undefined)
    throw new CountersignError('option-invalid', `The scheme ${name} carries no key id: name the key to verify with in the option keyId.`)
  if (typeof keyId === 'function') return keyId
  if (keyId !== undefined && !KEY_ID.test(keyId)) throw new CountersignError('option-invalid', `The option keyId: ${KEY_ID_IS}.`)
  return keyId
}

/** What a function of the option keyId found: empty for no key, and for what is no key id. */
export function readFoundKeyId(found: unknown): string {
  return typeof found === 'string' && KEY_ID.test(found) ? found : ''
}
