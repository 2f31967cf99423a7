import { type CryptoProvider, inTurn, type MaybePromise, type SignMessage, whenReady } from '../crypto/provider.ts'
import { concatBytes, fromHex, utf8 } from '../encoding.ts'

/** The day, region and service that a signature is for: `20150830/us-east-1/service/aws4_request`. */
export interface CredentialScope {
  /** `YYYYMMDD`, UTC. */
  readonly day: string
  readonly region: string
  readonly service: string
}

export const TERMINATOR = 'aws4_request'

/** As many derived keys of one secret are kept; a client of one service needs one a day. */
const MAX_DERIVED_KEYS = 16

export function scopeText({ day, region, service }: CredentialScope): string {
  return `${day}/${region}/${service}/${TERMINATOR}`
}

/** Signs with the keys that are derived from a secret, each worked out once. */
export type ScopedSigner = (scope: CredentialScope) => MaybePromise<SignMessage>

export function createScopedSigner(secret: Uint8Array, crypto: CryptoProvider): ScopedSigner {
  const derived = new Map<string, MaybePromise<SignMessage>>()
  return scope => {
    const text = scopeText(scope)
    const known = derived.get(text)
    if (known !== undefined) return known
    const made = derive(secret, scope, crypto)
    if (derived.size >= MAX_DERIVED_KEYS) derived.delete(derived.keys().next().value ?? '')
    derived.set(text, made)
    return made
  }
}

/** HMAC with "AWS4" and the secret over the day, with that over the region, with that over the service, with that over `aws4_request`. */
function derive(secret: Uint8Array, { day, region, service }: CredentialScope, crypto: CryptoProvider): MaybePromise<SignMessage> {
  let key = concatBytes([utf8('AWS4'), secret])
  const steps = inTurn([day, region, service, TERMINATOR], text =>
    whenReady(crypto.hmac('sha256', key, 'hex')({ before: text, body: undefined, after: '' }), hex => {
      key = fromHex(hex) ?? key
    }),
  )
  return whenReady(steps, () => crypto.hmac('sha256', key, 'hex'))
}
