/** What the tests of this folder share: one moment, one origin, one secret. Not published. */

import type { Scheme, Verification } from '../index.ts'
import type { Credentials } from '../scheme/credentials.ts'

export const NOW = 1_764_000_000_000
export const SECONDS = NOW / 1000
export const ORIGIN = 'https://api.example.com'

export const secretBytes = Buffer.alloc(40, 5)
export const secret: string = secretBytes.toString('base64')
export const passphrase = 'a-passphrase'

/** The parameters of SigV4. */
export const place = { service: 'execute-api', region: 'eu-west-1' } as const

/** `accepted`, or the code of the failure. */
export const codeOf = (result: Verification): string => (result.ok ? 'accepted' : result.failure.code)

/** What a signer of this scheme wants, and nothing else. @param privateKey for schemes that have no secret */
export function credentialsFor(scheme: Scheme, privateKey?: string): Credentials {
  return {
    ...(scheme.keys === 'key-pair' ? { privateKey } : { secret: secretBytes }),
    ...(scheme.keyId === 'none' ? {} : { keyId: 'k' }),
    ...(scheme.hasPassphrase ? { passphrase } : {}),
  }
}
