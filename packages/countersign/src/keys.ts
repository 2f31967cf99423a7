import { compileAddresses } from './address.ts'
import type { Algorithm } from './algorithm.ts'
import { KEY_ID } from './credentials.ts'
import type { MaybePromise } from './crypto/provider.ts'
import { CountersignError } from './error.ts'
import type { Failure } from './failure.ts'
import type { Scheme } from './scheme.ts'
import { readSecret, Secret, type SecretOptions } from './secret.ts'

/** A key as its owner describes it. */
export interface KeyDescription extends SecretOptions {
  readonly id: string
  /** Written as the scheme says. One of `secret`, `secrets` and `publicKey` is wanted. */
  readonly secret?: string | Uint8Array | undefined
  /** During a rotation two may be live. */
  readonly secrets?: readonly (string | Uint8Array)[] | undefined
  /** PEM, for the schemes with key pairs: SPKI, or PKCS#1 for RSA. */
  readonly publicKey?: string | undefined
  /** For the schemes where it goes with the key (RFC 9421). Default: `hmac-sha256` for a secret, what fits the public key for that. */
  readonly algorithm?: Algorithm | undefined
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

export type KeyState = 'active' | 'disabled' | 'revoked'

/** How many secrets of one key are tried. */
export const MAX_LIVE_SECRETS = 2

/** A key that was read and checked, ready to verify with. Made by {@link createKey} only. */
export interface Key {
  readonly id: string
  readonly schemeName: string
  readonly secrets: readonly Secret[]
  readonly publicKey: string | undefined
  readonly algorithm: Algorithm | undefined
  readonly passphrase: Secret | undefined
  readonly state: KeyState
  readonly expiresAtMs: number | undefined
  readonly allowsAddress: ((address: string) => boolean) | undefined
  readonly permissions: ReadonlySet<string>
  readonly owner: unknown
}

/** Where a verifier finds keys. A rejection, or a promise that never settles in time, is a 503: never "allow". */
export interface KeySource {
  find(keyId: string): MaybePromise<Key | undefined>
}

/**
 * Reads and checks a key. Do this once per key and keep what it returns: verifying is faster with the same object.
 *
 * @throws CountersignError `secret-missing`, `secret-malformed`, `secret-too-short`, `credential-missing`, `option-invalid`
 */
export function createKey(scheme: Scheme, description: KeyDescription): Key {
  const { id, publicKey, passphrase } = description
  if (!KEY_ID.test(id)) throw new CountersignError('option-invalid', 'A key id is 1 to 1024 visible ASCII characters without a comma.')
  const given = description.secrets ?? (description.secret === undefined ? [] : [description.secret])
  if (given.length > MAX_LIVE_SECRETS)
    throw new CountersignError('option-invalid', `A key has at most ${MAX_LIVE_SECRETS} live secrets; ${given.length} were given.`)
  const wantsSecret = scheme.keys === 'secret' || (scheme.keys === 'either' && publicKey === undefined)
  if (wantsSecret && given.length === 0) readSecret(scheme, undefined)
  if (scheme.keys === 'key-pair' && publicKey === undefined)
    throw new CountersignError('credential-missing', `The scheme ${scheme.name} verifies with a public key: give publicKey, in PEM.`)
  if (scheme.hasPassphrase && (passphrase === undefined || passphrase === ''))
    throw new CountersignError('credential-missing', `The scheme ${scheme.name} wants a passphrase beside the secret: give passphrase.`)
  return Object.freeze({
    id,
    schemeName: scheme.name,
    secrets: wantsSecret ? given.map(secret => readSecret(scheme, secret, description)) : [],
    publicKey,
    algorithm: description.algorithm,
    passphrase: passphrase === undefined ? undefined : new Secret(new TextEncoder().encode(passphrase)),
    state: description.state ?? 'active',
    expiresAtMs: description.expiresAtMs,
    allowsAddress: description.addresses === undefined ? undefined : compileAddresses(description.addresses),
    permissions: new Set(description.permissions),
    owner: description.owner,
  })
}

/** What is wrong with a key at a moment: revoked, disabled, expired, or used from an address that it is not for. For its holder's eyes only. */
export function failureOfKey(key: Key, nowMs: number, address = ''): Failure | undefined {
  if (key.state === 'revoked') return { code: 'key-revoked', keyId: key.id }
  if (key.state === 'disabled') return { code: 'key-disabled', keyId: key.id }
  if (key.expiresAtMs !== undefined && nowMs >= key.expiresAtMs) return { code: 'key-expired', keyId: key.id, expiredAtMs: key.expiresAtMs }
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
    set: description => void keys.set(description.id, createKey(scheme, description)),
    delete: keyId => void keys.delete(keyId),
  }
  for (const description of descriptions) source.set(description)
  return source
}
