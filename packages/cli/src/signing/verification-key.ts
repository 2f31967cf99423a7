import { createKey, type KeyDescription, type KeySource, type Scheme } from 'countersign'
import { UsageError } from '../process/exit.ts'
import { readTextFile } from '../process/files.ts'
import { type CredentialOptions, resolveSecret } from './credentials.ts'
import type { Profile } from './profiles.ts'

/** What the command verifies with, by whatever id a call names it. */
export type VerificationKey = Omit<KeyDescription, 'id'>

export interface VerificationKeyOptions extends CredentialOptions {
  readonly publicKeyFile?: string
}

/** What the given key is called where a call names none. */
export const UNNAMED_KEY = 'default'

/**
 * The secret or the public key that the options, the environment or the profile give.
 *
 * @throws UsageError what is missing, and how to give it
 */
export async function readVerificationKey(scheme: Scheme, options: VerificationKeyOptions, profile: Profile): Promise<VerificationKey> {
  if (options.publicKeyFile !== undefined && scheme.keys !== 'secret')
    return { publicKey: readTextFile(options.publicKeyFile, 'public key file') }
  if (scheme.keys === 'key-pair')
    throw new UsageError('public-key-missing', `The scheme ${scheme.name} verifies with a public key: give --public-key-file.`)
  return {
    secret: await resolveSecret(options, profile),
    allowShortSecret: options.allowShortSecret ?? false,
    passphrase: options.passphrase ?? profile.passphrase,
  }
}

/** The only key. If its id is known, calls that name another are refused. */
export function onlyKey(scheme: Scheme, key: VerificationKey, known: string | undefined): KeySource {
  return { find: id => (known === undefined || known === id ? createKey(scheme, { ...key, id }) : undefined) }
}

/** The verifier's option for calls that carry no key id: they are checked with the given key, under its own name. */
export function fixedKeyId({ keyId }: Scheme, known: string | undefined): { readonly keyId?: string } {
  if (keyId === 'none') return { keyId: known ?? UNNAMED_KEY }
  return keyId === 'optional' && known !== undefined ? { keyId: known } : {}
}
