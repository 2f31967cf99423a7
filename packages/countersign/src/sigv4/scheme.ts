import { serializeBody } from '../body.ts'
import { upperCase } from '../compile-signer.ts'
import type { Credentials } from '../credentials.ts'
import { type CryptoProvider, type MaybePromise, whenReady } from '../crypto/provider.ts'
import { CountersignError } from '../error.ts'
import { canonicalOrigin } from '../http-signatures/scheme.ts'
import { compactJson } from '../json.ts'
import { percentEncode } from '../message.ts'
import { parseTimestamp } from '../parse-timestamp.ts'
import type { CodedScheme } from '../scheme.ts'
import { readSecret } from '../secret.ts'
import type { SignableRequest, SignedRequest, SignerOptions } from '../sign.ts'
import { createTimestamper, systemClock } from '../timestamp.ts'
import { checkSignableUrl, hostOf, pathOf, queryOf, splitUrl } from '../url.ts'
import { canonicalHeaders, canonicalPath, canonicalQuery, type Line } from './canonical.ts'
import { compileSigV4Plan } from './plan.ts'
import { type CredentialScope, createScopedSigner, scopeText } from './signing-key.ts'

export interface SigV4Options {
  /** What users type. Default: `aws-sigv4`, or `aws-sigv4-query`. */
  readonly name?: string | undefined
  /** Where a signer puts the signature: an `Authorization` header, or the query (a presigned URL). A verifier takes both. Default: `header`. */
  readonly in?: 'header' | 'query' | undefined
  /** A signer's; default: its parameter `service`, or what the host of `SERVICE.REGION.amazonaws.com` says. A verifier takes no other. */
  readonly service?: string | undefined
  /** Like `service`. */
  readonly region?: string | undefined
  /** Whether a verifier takes payloads that are not signed (`UNSIGNED-PAYLOAD`, the `STREAMING-…` markers). Default: false. */
  readonly allowUnsignedPayload?: boolean | undefined
}

/** The markers that may stand in `x-amz-content-sha256` in the place of a hash. */
export const PAYLOAD_MARKERS: ReadonlySet<string> = new Set([
  'UNSIGNED-PAYLOAD',
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
])

/** What proxies and clients change on the way; these are not signed. */
const UNSIGNABLE = new Set([
  'authorization',
  'connection',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'x-amzn-trace-id',
])

export const ALGORITHM = 'AWS4-HMAC-SHA256'

const QUERY_DESCRIPTIONS: { readonly [name: string]: string } = {
  'X-Amz-Algorithm': 'AWS4-HMAC-SHA256.',
  'X-Amz-Credential': 'Access key id and credential scope: day, region, service, aws4_request.',
  'X-Amz-Date': 'When it was signed, such as 20150830T123600Z.',
  'X-Amz-Expires': 'For how many seconds it holds, up to a week.',
  'X-Amz-SignedHeaders': 'The signed headers, in order.',
  'X-Amz-Signature': 'The signature in hexadecimal.',
}

/** In seconds. */
const DEFAULT_EXPIRES = 3600
export const MAX_EXPIRES = 604_800

/**
 * AWS Signature Version 4. A signer's parameters are `service`, `region` and, for a presigned URL, `expires` in seconds; the payload's hash is
 * what `x-amz-content-sha256` says where the request has that header.
 *
 * @example
 * ```ts
 * const signer = createSigner(sigV4({ service: 'execute-api', region: 'us-east-1' }), { keyId: accessKeyId, secret: secretAccessKey, sessionToken })
 * ```
 */
export function sigV4(options: SigV4Options = {}): CodedScheme {
  const inQuery = options.in === 'query'
  const scheme: CodedScheme = {
    kind: 'coded',
    carries: inQuery
      ? ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Expires', 'X-Amz-SignedHeaders', 'X-Amz-Signature'].map(
          name => ({ in: 'query', name, description: QUERY_DESCRIPTIONS[name] ?? '' }) as const,
        )
      : [
          {
            in: 'header',
            name: 'authorization',
            description: 'AWS4-HMAC-SHA256 with the credential scope, the signed headers and the signature in hexadecimal.',
          },
          { in: 'header', name: 'x-amz-date', description: 'When it was signed, such as 20150830T123600Z.' },
          { in: 'header', name: 'x-amz-security-token', description: 'The session token of temporary credentials.' },
          { in: 'header', name: 'x-amz-content-sha256', description: 'The hash of the payload in hexadecimal, or a marker; for S3.' },
        ],
    signs: 'the algorithm, the time, the credential scope and the SHA-256 of the canonical request, a line each',
    name: options.name ?? (inQuery ? 'aws-sigv4-query' : 'aws-sigv4'),
    title: inQuery ? 'AWS Signature Version 4, presigned URLs' : 'AWS Signature Version 4',
    docs: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html',
    secret: { encoding: 'utf8', prefix: '' },
    keys: 'secret',
    carriesKeyId: true,
    hasPassphrase: false,
    detectsReplays: true,
    compilePlan: planOptions => compileSigV4Plan(options, planOptions, scheme),
    compileSigner: (credentials, signerOptions, crypto) => compileSigner(scheme, options, credentials, signerOptions, crypto),
  }
  return scheme
}

function compileSigner(
  scheme: CodedScheme,
  options: SigV4Options,
  credentials: Credentials,
  signerOptions: SignerOptions,
  crypto: CryptoProvider,
) {
  const { clock = systemClock, json = compactJson, parameters = {} } = signerOptions
  const { keyId = '', sessionToken } = credentials
  const stamp = createTimestamper('iso8601-basic', clock)
  const signFor = createScopedSigner(readSecret(scheme, credentials.secret, credentials).reveal(), crypto)
  const expires = readExpires(parameters['expires'])
  const inQuery = options.in === 'query'

  return (request: SignableRequest): MaybePromise<SignedRequest> => {
    const url = typeof request.url === 'string' ? request.url : request.url.href
    checkSignableUrl(url)
    const { bytes, signed: body, contentType } = serializeBody(request.body, json, crypto)
    const { origin, target } = splitUrl(url)
    const host = hostOf(canonicalOrigin(origin))
    const timestamp = readTime(request.timestamp) ?? stamp()
    const scope: CredentialScope = { day: timestamp.slice(0, 8), ...findPlace(scheme, host, { ...options, ...parameters }) }
    const isS3 = isS3Service(scope.service)
    const added: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType }
    if (!inQuery) added['x-amz-date'] = timestamp
    if (!inQuery && sessionToken !== undefined) added['x-amz-security-token'] = sessionToken
    const method = upperCase(request.method)
    const given = Object.entries(request.headers ?? {}).map(([name, value]): Line => [name.toLowerCase(), value])
    const stated = given.find(([name]) => name === 'x-amz-content-sha256')?.[1]
    const hash = stated ?? (inQuery && isS3 ? 'UNSIGNED-PAYLOAD' : crypto.hashText('sha256', { before: '', body, after: '' }, 'hex'))
    return whenReady(hash, payload => {
      if (isS3 && !inQuery && stated === undefined) added['x-amz-content-sha256'] = payload
      const lines: Line[] = [
        ['host', host],
        ...given.filter(([name]) => added[name] === undefined && name !== 'host' && !UNSIGNABLE.has(name)),
        ...Object.entries(added),
      ]
      const signedNames = [...new Set(lines.map(([name]) => name))].sort()
      const query = inQuery
        ? appendTo(queryOf(target), {
            'X-Amz-Algorithm': ALGORITHM,
            'X-Amz-Credential': `${keyId}/${scopeText(scope)}`,
            'X-Amz-Date': timestamp,
            'X-Amz-Expires': String(expires),
            ...(sessionToken === undefined ? {} : { 'X-Amz-Security-Token': sessionToken }),
            'X-Amz-SignedHeaders': signedNames.join(';'),
          })
        : queryOf(target)
      const canonical = `${method}\n${canonicalPath(pathOf(target), isS3)}\n${canonicalQuery(query)}\n${canonicalHeaders(lines, signedNames)}\n${signedNames.join(';')}\n${payload}`
      return whenReady(signCanonical(canonical, timestamp, scope, signFor, crypto), ({ signature, text }) => {
        const message = (): Uint8Array => crypto.utf8(text)
        if (inQuery) {
          const signedUrl = `${origin}${pathOf(target)}?${query}&X-Amz-Signature=${signature}`
          return { method, url: signedUrl, headers: added, body: bytes, message }
        }
        added['authorization'] =
          `${ALGORITHM} Credential=${keyId}/${scopeText(scope)}, SignedHeaders=${signedNames.join(';')}, Signature=${signature}`
        return { method, url, headers: added, body: bytes, message }
      })
    })
  }
}

/** Signs a canonical request; `text` is the string to sign. */
export function signCanonical(
  canonical: string,
  timestamp: string,
  scope: CredentialScope,
  signFor: ReturnType<typeof createScopedSigner>,
  crypto: CryptoProvider,
): MaybePromise<{ readonly signature: string; readonly text: string }> {
  return whenReady(crypto.hashText('sha256', { before: canonical, body: undefined, after: '' }, 'hex'), hash => {
    const text = `${ALGORITHM}\n${timestamp}\n${scopeText(scope)}\n${hash}`
    return whenReady(signFor(scope), sign =>
      whenReady(sign({ before: text, body: undefined, after: '' }), signature => ({ signature, text })),
    )
  })
}

export function isS3Service(service: string): boolean {
  return service === 's3' || service.startsWith('s3-')
}

/** What was asked for, or what the host says. */
function findPlace(
  scheme: CodedScheme,
  host: string,
  wanted: { readonly service?: string | undefined; readonly region?: string | undefined },
) {
  const named = /^(?:[^.]+\.)*?([a-z0-9-]+)\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com(?:\.cn)?$/.exec(host)
  const service = wanted.service ?? named?.[1]
  const region = wanted.region ?? named?.[2] ?? (host.endsWith('.amazonaws.com') ? 'us-east-1' : undefined)
  if (service !== undefined && region !== undefined) return { service, region }
  throw new CountersignError(
    'option-invalid',
    `The scheme ${scheme.name} wants the parameters service and region, which ${host} does not tell.`,
  )
}

function readTime(timestamp: string | undefined): string | undefined {
  if (timestamp === undefined || parseTimestamp(timestamp, ['iso8601-basic']) !== undefined) return timestamp
  throw new CountersignError('timestamp-invalid', `${JSON.stringify(timestamp.slice(0, 40))} is no timestamp such as 20150830T123600Z.`)
}

function readExpires(text: string | undefined): number {
  const seconds = text === undefined ? DEFAULT_EXPIRES : Number(text)
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_EXPIRES) return seconds
  throw new CountersignError('option-invalid', `The parameter expires is a whole number of seconds up to ${MAX_EXPIRES}.`)
}

function appendTo(query: string, more: { readonly [name: string]: string }): string {
  const added = Object.entries(more).map(([name, value]) => `${name}=${percentEncode(value)}`)
  return [...(query === '' ? [] : [query]), ...added].join('&')
}
