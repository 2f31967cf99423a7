import { CountersignError } from '../contract/error.ts'
import type { Failure } from '../contract/failure.ts'
import type { MaybePromise } from '../contract/maybe-promise.ts'
import { oneOf } from '../contract/one-of.ts'
import { refuseUnknown } from '../contract/refuse-unknown.ts'
import { type Algorithm, algorithmFacts } from '../crypto/algorithm.ts'
import { signatureBytes } from '../crypto/signature-bytes.ts'
import type { SecretOptions } from '../scheme/credentials.ts'
import { givenIn, refuseNeedless } from '../scheme/refuse-unused.ts'
import type { Scheme } from '../scheme/scheme.ts'
import { compileAddresses } from './address.ts'
import { KEY_ID, KEY_ID_IS } from './check-credentials.ts'
import { readSecretOnly } from './no-public-key.ts'
import { checkPassphrase } from './passphrase.ts'
import { fitsAlgorithm, type PublicKeyFacts, readPublicKey } from './public-key.ts'
import { readSecret, Secret } from './secret.ts'

/** A key as its owner describes it. */
export interface KeyDescription extends SecretOptions {
  /** As calls name it: 1 to 1024 visible ASCII characters without a comma. */
  readonly id: string
  /** Written as the scheme says. One of `secret`, `secrets` and `publicKey` is wanted. */
  readonly secret?: string | Uint8Array | undefined
  /** During a rotation two may be live. */
  readonly secrets?: readonly (string | Uint8Array)[] | undefined
  /** PEM, for the schemes with key pairs: SPKI, or PKCS#1 for RSA. */
  readonly publicKey?: string | undefined
  /** During a rotation two may be live, the newest first. */
  readonly publicKeys?: readonly string[] | undefined
  /**
   * For the schemes where it goes with the key (RFC 9421). Default: the scheme's first that fits the secret or the
   * public key.
   */
  readonly algorithm?: Algorithm | undefined
  /**
   * For the schemes that want one beside the secret. For SigV4 it is the session token of temporary credentials: the
   * key takes no call without it.
   */
  readonly passphrase?: string | undefined
  /** Default: `active`. */
  readonly state?: KeyState | undefined
  /** Milliseconds since the epoch; left out: never. */
  readonly expiresAtMs?: number | undefined
  /** Addresses and CIDR ranges the key may be used from; left out: from anywhere. */
  readonly addresses?: readonly string[] | undefined
  /** Names of what the key may do; none unless given. */
  readonly permissions?: readonly string[] | undefined
  /** Whatever the API wants to know of the key's owner; handed on with a verified call. */
  readonly owner?: unknown
}

const FIELDS: { readonly [N in keyof Required<KeyDescription>]: true } = {
  id: true,
  secret: true,
  secrets: true,
  allowShortSecret: true,
  publicKey: true,
  publicKeys: true,
  algorithm: true,
  passphrase: true,
  state: true,
  expiresAtMs: true,
  addresses: true,
  permissions: true,
  owner: true,
}

export type KeyState = 'active' | 'disabled' | 'revoked'

/** How many secrets or public keys of one key are tried. */
export const MAX_LIVE_SECRETS = 2

/** One of the public keys of a key, with what goes with it. */
interface PublicKeyPart {
  readonly publicKey: string
  readonly algorithm: Algorithm
  readonly signatureBytes: number
}

/** A key that was read and checked, ready to verify with. Made by {@link createKey} only. */
export interface Key {
  readonly id: string
  readonly schemeName: string
  readonly secrets: readonly Secret[]
  /** The newest. */
  readonly publicKey: string | undefined
  /** All that are live; none for a key with secrets. */
  readonly publicKeys: readonly PublicKeyPart[]
  /** The one that this key is for; what a call says can only agree. */
  readonly algorithm: Algorithm
  /** How many bytes a signature of this key has. */
  readonly signatureBytes: number
  readonly passphrase: Secret | undefined
  readonly state: KeyState
  readonly expiresAtMs: number | undefined
  readonly allowsAddress: ((address: string) => boolean) | undefined
  readonly permissions: ReadonlySet<string>
  readonly owner: unknown
}

/**
 * Where a verifier finds keys. A rejection is a 503, never "allow", and so is no answer within the verifier's
 * `limits.sourceTimeoutMs`.
 */
export interface KeySource {
  /**
   * Algorithms that its keys have, where it knows: a wrong signature then costs the checks of these alone. Default: all
   * of the scheme's.
   */
  readonly algorithms?: readonly Algorithm[] | undefined
  find(keyId: string): MaybePromise<Key | undefined>
}

/**
 * Reads and checks a key. Do this once per key and keep what it returns: verifying is faster with the same object.
 *
 * @example
 * ```ts
 * const key = createKey(qredoV1, { id: '9OgjbzwhoE4LJA', secret, permissions: ['read'] })
 * const verifier = createVerifier(qredoV1, { origin, keys: { find: id => (id === key.id ? key : undefined) } })
 * ```
 *
 * @throws CountersignError `secret-missing`, `secret-malformed`, `secret-too-short`, `public-key-malformed`,
 * `credential-missing`, `option-invalid`
 */
export function createKey(scheme: Scheme, description: KeyDescription): Key {
  refuseUnknown(description, Object.keys(FIELDS), 'createKey:', 'field')
  const { id, passphrase } = description
  if (typeof id !== 'string' || !KEY_ID.test(id)) throw new CountersignError('option-invalid', `A key id is ${KEY_ID_IS}.`)
  checkDescription(scheme, description)
  const given = description.secrets ?? (description.secret === undefined ? [] : [description.secret])
  if (given.length > MAX_LIVE_SECRETS)
    throw new CountersignError('option-invalid', `A key has at most ${MAX_LIVE_SECRETS} live secrets; ${given.length} were given.`)
  const publicKeys = description.publicKeys ?? (description.publicKey === undefined ? [] : [description.publicKey])
  if (publicKeys.length > MAX_LIVE_SECRETS)
    throw new CountersignError('option-invalid', `A key has at most ${MAX_LIVE_SECRETS} live public keys; ${publicKeys.length} were given.`)
  const [publicKey] = publicKeys
  const wantsSecret = scheme.keys === 'secret' || (scheme.keys === 'either' && publicKey === undefined)
  if (wantsSecret && given.length === 0) readSecret(scheme, undefined)
  if (scheme.keys === 'key-pair' && publicKey === undefined)
    throw new CountersignError('credential-missing', `The scheme ${scheme.name} verifies with a public key: give publicKey, in PEM.`)
  if (scheme.hasPassphrase) checkPassphrase(scheme, passphrase)
  const parts = wantsSecret ? [] : publicKeys.map(pem => readPart(scheme, description.algorithm, pem))
  const [newest] = parts
  const algorithm = newest?.algorithm ?? chooseAlgorithm(scheme, description.algorithm, undefined)
  return Object.freeze({
    id,
    schemeName: scheme.name,
    secrets: wantsSecret ? given.map(secret => readSecretOnly(scheme, secret, description)) : [],
    publicKey: newest?.publicKey,
    publicKeys: parts,
    algorithm,
    signatureBytes: newest?.signatureBytes ?? signatureBytes(algorithm),
    passphrase: passphrase === undefined ? undefined : new Secret(new TextEncoder().encode(passphrase)),
    state: description.state ?? 'active',
    expiresAtMs: description.expiresAtMs,
    allowsAddress: description.addresses === undefined ? undefined : compileAddresses(description.addresses),
    permissions: new Set(description.permissions),
    owner: description.owner,
  })
}

function readPart(scheme: Scheme, wanted: Algorithm | undefined, pem: string): PublicKeyPart {
  const facts = readPublicKey(pem)
  return Object.freeze({ publicKey: facts.pem, algorithm: chooseAlgorithm(scheme, wanted, facts), signatureBytes: facts.signatureBytes })
}

const STATES: readonly KeyState[] = ['active', 'disabled', 'revoked']

/** What would be dropped without a word, or be taken for something else. */
function checkDescription(scheme: Scheme, description: KeyDescription): void {
  const { secret, secrets, publicKeys, publicKey = publicKeys?.[0], passphrase, state, expiresAtMs, permissions, addresses } = description
  refuseNeedless(scheme, givenIn({ publicKey, passphrase }), [
    ...(scheme.keys === 'secret' ? [] : ['publicKey']),
    ...(scheme.hasPassphrase || scheme.base?.takes.sessionToken === true ? ['passphrase'] : []),
  ])
  const hasSecret = secret !== undefined || secrets !== undefined
  const mistakes: readonly (readonly [isMistake: boolean, problem: string])[] = [
    [secret !== undefined && secrets !== undefined, 'Give secret or secrets, not both.'],
    [publicKey !== undefined && hasSecret, 'Give a secret or a publicKey, not both.'],
    [state !== undefined && !STATES.includes(state), `A key's state: ${oneOf(state, 'state', STATES)}.`],
    [
      expiresAtMs !== undefined && (typeof expiresAtMs !== 'number' || Number.isNaN(expiresAtMs)),
      'A key expires at a number of milliseconds since the epoch, as Date.getTime() gives it.',
    ],
    [!isListOfTexts(permissions), 'The permissions of a key are a list of names.'],
    [!isListOfTexts(addresses), 'The addresses of a key are a list of IP addresses and CIDR ranges.'],
    [secrets !== undefined && !Array.isArray(secrets), 'The secrets of a key are a list.'],
    [!isListOfTexts(publicKeys), 'The public keys of a key are a list of texts in PEM.'],
    [description.publicKey !== undefined && publicKeys !== undefined, 'Give publicKey or publicKeys, not both.'],
  ]
  const found = mistakes.find(([isMistake]) => isMistake)
  if (found !== undefined) throw new CountersignError('option-invalid', found[1])
}

function isListOfTexts(given: unknown): boolean {
  return given === undefined || (Array.isArray(given) && given.every(item => typeof item === 'string'))
}

function chooseAlgorithm(scheme: Scheme, wanted: Algorithm | undefined, publicKey: PublicKeyFacts | undefined): Algorithm {
  const fitting = scheme.algorithms.filter(name => {
    const facts = algorithmFacts(name)
    if (facts.family === 'hmac') return publicKey === undefined
    return publicKey !== undefined && fitsAlgorithm(publicKey.kind, facts.name)
  })
  const [first] = fitting
  if (first === undefined)
    throw new CountersignError(
      'public-key-malformed',
      `The scheme ${scheme.name} signs with ${scheme.algorithms.join(', ')}, and this key is for none of them.`,
    )
  if (wanted === undefined || fitting.includes(wanted)) return wanted ?? first
  throw new CountersignError('option-invalid', `The algorithm ${wanted} does not go with this key: one of ${fitting.join(', ')}.`)
}

/**
 * What is wrong with a key at a moment: revoked, disabled, expired, or used from an address that it is not for. For its
 * holder's eyes only.
 */
export function failureOfKey(key: Key, nowMs: number, address = ''): Failure | undefined {
  if (key.state === 'revoked') return { code: 'key-revoked', keyId: key.id }
  if (key.state !== 'active') return { code: 'key-disabled', keyId: key.id }
  if (key.expiresAtMs !== undefined && !(nowMs < key.expiresAtMs))
    return { code: 'key-expired', keyId: key.id, expiredAtMs: key.expiresAtMs }
  if (key.allowsAddress !== undefined && !key.allowsAddress(address)) return { code: 'address-not-allowed', keyId: key.id, address }
  return undefined
}

/** Keys that are held in memory. `set` adds or replaces one. */
export interface MemoryKeys extends KeySource {
  find(keyId: string): Key | undefined
  set(description: KeyDescription): void
  delete(keyId: string): void
}

/**
 * A key source in memory.
 *
 * @example
 * ```ts
 * const keys = memoryKeys(qredoV1, [{ id: '9OgjbzwhoE4LJA', secret, permissions: ['balance'] }])
 * ```
 */
export function memoryKeys(scheme: Scheme, descriptions: Iterable<KeyDescription> = []): MemoryKeys {
  const keys = new Map<string, Key>()
  const source: MemoryKeys = {
    find: keyId => keys.get(keyId),
    set(description) {
      const key = createKey(scheme, description)
      keys.set(key.id, key)
    },
    delete: keyId => void keys.delete(keyId),
  }
  for (const description of descriptions) source.set(description)
  return source
}
