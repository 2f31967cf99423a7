import type { Carried } from '../../scheme/scheme.ts'

/**
 * Where a call in one form carries its signature. A signer writes one form and a verifier reads both, each from this
 * one list. Required are those that every call of the form has.
 */
const PLACES = {
  header: {
    authorization: 'AWS4-HMAC-SHA256 with the credential scope, the signed headers and the signature in hexadecimal.',
    'x-amz-date': 'When it was signed, such as 20150830T123600Z.',
    date: 'When it was signed, as HTTP writes a date, where there is no x-amz-date.',
    'x-amz-security-token': 'The session token of temporary credentials.',
    'x-amz-content-sha256': 'The hash of the payload in hexadecimal, or a marker; for S3.',
  },
  query: {
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256.',
    'X-Amz-Credential': 'Access key id and credential scope: day, region, service, aws4_request.',
    'X-Amz-Date': 'When it was signed, such as 20150830T123600Z.',
    'X-Amz-Expires': 'For how many seconds it holds, up to a week.',
    'X-Amz-Security-Token': 'The session token of temporary credentials.',
    'X-Amz-SignedHeaders': 'The signed headers, in order.',
    'X-Amz-Signature': 'The signature in hexadecimal.',
  },
} as const

export type HeaderName = keyof typeof PLACES.header
export type QueryName = keyof typeof PLACES.query

const OPTIONAL: ReadonlySet<string> = new Set<HeaderName | QueryName>([
  'date',
  'x-amz-security-token',
  'x-amz-content-sha256',
  'X-Amz-Security-Token',
])

/** Each is read once; a second one would be another answer. */
export const HEADER_NAMES = Object.keys(PLACES.header) as readonly HeaderName[]

/** Of parameters, each in its one spelling. */
export const QUERY_NAMES = Object.keys(PLACES.query) as readonly QueryName[]

/** Those that every presigned URL has. */
export const REQUIRED_QUERY_NAMES = QUERY_NAMES.filter(name => !OPTIONAL.has(name))

/** What a scheme carries whose signers write one of the forms. */
export function carriedIn(form: 'header' | 'query'): readonly Carried[] {
  const all = (['header', 'query'] as const).flatMap(place =>
    Object.entries(PLACES[place]).map(
      ([name, holds]): Carried => ({
        in: place,
        name,
        required: place === form && !OPTIONAL.has(name),
        secret: name.toLowerCase() === 'x-amz-security-token',
        holds,
      }),
    ),
  )
  // Those that the scheme's own signers write come first.
  return [...all.filter(one => one.in === form), ...all.filter(one => one.in !== form)]
}
