import { CountersignError } from '../../contract/error.ts'
import { inTurn, type MaybePromise, whenReady } from '../../contract/maybe-promise.ts'
import type { CryptoProvider } from '../../crypto/provider.ts'
import { bodyMessage } from '../../wire/message.ts'
import { canonicalBase64 } from '../base64-spelling.ts'
import { isInnerList, parseDictionary } from './structured-fields.ts'

/** The active algorithms of RFC 9530; the deprecated ones (`md5`, `sha`, …) prove nothing. */
const DIGESTS: ReadonlyMap<string, 'sha256' | 'sha512'> = /* @__PURE__ */ new Map([
  ['sha-256', 'sha256'],
  ['sha-512', 'sha512'],
])

/** The parts of a request that state such a digest: the field, or one member of it. */
export const BODY_DIGESTS: readonly string[] = [
  'header.content-digest',
  ...[...DIGESTS.keys()].map(name => `header.content-digest;key="${name}"`),
]

export type DigestName = 'sha-256' | 'sha-512'

/** The value of `Content-Digest` (or of `Repr-Digest`, for a representation that is sent as it is): `sha-256=:…:`. */
export function contentDigest(crypto: CryptoProvider, body: Uint8Array | string, name: DigestName = 'sha-256'): MaybePromise<string> {
  const hash = crypto.hashText(name === 'sha-512' ? 'sha512' : 'sha256', bodyMessage(body), 'base64')
  return whenReady(hash, text => `${name}=:${text}:`)
}

/** One digest, as nearly every message has it. */
const SINGLE = /^(sha-256|sha-512)=:([A-Za-z0-9+/]*={0,2}):$/

/**
 * Whether a digest field is that of the body: every digest in it whose algorithm is known has to fit, and there has to
 * be one.
 */
export function digestHolds(crypto: CryptoProvider, field: string, body: Uint8Array | undefined): MaybePromise<boolean> {
  const digests = readDigests(field)
  if (digests === undefined) return false
  let holds = true
  const checked = inTurn(digests, ({ algorithm, text }) =>
    whenReady(crypto.hashText(algorithm, bodyMessage(body), 'base64'), expected => {
      if (!crypto.equal(expected, text)) holds = false
    }),
  )
  return whenReady(checked, () => holds)
}

/** A digest that a field states, in base64 in its one spelling. */
export interface StatedDigest {
  readonly algorithm: 'sha256' | 'sha512'
  readonly text: string
}

/**
 * The digests of a field whose algorithm is known; `undefined` where there are none, or where one is malformed: then it
 * says nothing of the body.
 */
export function readDigests(field: string): readonly StatedDigest[] | undefined {
  const single = SINGLE.exec(field)
  if (single !== null) {
    const text = canonicalBase64(single[2] ?? '')
    return text === undefined ? undefined : [{ algorithm: single[1] === 'sha-512' ? 'sha512' : 'sha256', text }]
  }
  const found: StatedDigest[] = []
  for (const [key, member] of parseDictionary(field) ?? []) {
    const algorithm = DIGESTS.get(key)
    if (algorithm === undefined) continue
    if (isInnerList(member) || member.item.type !== 'bytes') return undefined
    found.push({ algorithm, text: member.item.value })
  }
  return found.length === 0 ? undefined : found
}

/**
 * The value of `Want-Content-Digest` or `Want-Repr-Digest` (RFC 9530 §4): preferences from 0, not wanted, to 10.
 *
 * @throws CountersignError `option-invalid` for a preference that is not a whole number from 0 to 10
 */
export function wantDigest(preferences: { readonly [N in DigestName]?: number }): string {
  return Object.entries(preferences)
    .map(([name, preference]) => {
      if (Number.isInteger(preference) && preference >= 0 && preference <= 10) return `${name}=${preference}`
      throw new CountersignError('option-invalid', `The preference for ${name} is not a whole number from 0 to 10.`)
    })
    .join(', ')
}
