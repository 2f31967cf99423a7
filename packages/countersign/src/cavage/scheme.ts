import { type Algorithm, algorithmFacts } from '../algorithm.ts'
import { serializeBody } from '../body.ts'
import { upperCase } from '../compile-signer.ts'
import type { Credentials } from '../credentials.ts'
import { algorithmOfPem } from '../crypto/pem.ts'
import { type CryptoProvider, type MaybePromise, whenReady } from '../crypto/provider.ts'
import { CountersignError } from '../error.ts'
import { createMessageSigner, type SigningKey } from '../http-signatures/message-keys.ts'
import { canonicalOrigin } from '../http-signatures/scheme.ts'
import { compactJson } from '../json.ts'
import type { CodedScheme } from '../scheme.ts'
import { readSecret } from '../secret.ts'
import type { SignableRequest, SignedRequest, SignerOptions } from '../sign.ts'
import { createTimestamper, systemClock } from '../timestamp.ts'
import { checkSignableUrl, hostOf, splitUrl } from '../url.ts'
import { compileCavagePlan } from './plan.ts'
import { createSigningString } from './signing-string.ts'

export interface DraftSignaturesOptions {
  /** What users type. Default: `http-signatures-draft-12`. */
  readonly name?: string | undefined
  /**
   * Where the signature travels, and how it begins: `Authorization: Signature keyId=…`, `Signature: keyId=…` (ActivityPub), or
   * `Authorization: hmac username=…` (Kong's hmac-auth). A verifier takes that one. Default: `authorization`.
   */
  readonly carrier?: 'authorization' | 'signature' | 'kong' | undefined
  /**
   * What is covered, in this order, and demanded: header names, `(request-target)`, `(created)`, `(expires)`; `@request-target` and `request-line` as
   * Kong and APISIX have them. `digest` goes with bodies only. Default: `(request-target)`, `host`, `date`, `digest`.
   */
  readonly headers?: readonly string[] | undefined
}

/** A scheme's options, filled in. */
export interface DraftCoverage {
  readonly carrier: 'authorization' | 'signature' | 'kong'
  readonly headers: readonly string[]
}

const DEFAULT_LIFETIME_SECONDS = 60

/**
 * HTTP Signatures as in draft-cavage-http-signatures-12, the forerunner of RFC 9421: what ActivityPub servers and the hmac-auth plugins of Kong
 * and APISIX speak. Keys are secrets (`hmac-sha256`, written as UTF-8) or key pairs.
 */
export function draftSignatures(options: DraftSignaturesOptions = {}): CodedScheme {
  const coverage: DraftCoverage = {
    carrier: options.carrier ?? 'authorization',
    headers: (options.headers ?? ['(request-target)', 'host', 'date', 'digest']).map(name => name.toLowerCase()),
  }
  const scheme: CodedScheme = {
    kind: 'coded',
    carries: [
      {
        in: 'header',
        name: coverage.carrier === 'signature' ? 'signature' : 'authorization',
        description: `${PREFIXES[coverage.carrier][1]}, algorithm, the covered headers (at least ${coverage.headers.join(' ')}) and the signature in base64.`,
      },
      ...(coverage.headers.includes('date')
        ? ([{ in: 'header', name: 'date', description: 'When it was signed, as HTTP writes a date.' }] as const)
        : []),
      ...(coverage.headers.includes('digest')
        ? ([{ in: 'header', name: 'digest', description: 'SHA-256= and the base64 of the hash of the body; with every body.' }] as const)
        : []),
    ],
    signs: 'a line for each covered header, "name: value", joined by newlines',
    name: options.name ?? 'http-signatures-draft-12',
    title: 'HTTP Signatures, draft 12',
    docs: 'https://datatracker.ietf.org/doc/html/draft-cavage-http-signatures-12',
    secret: { encoding: 'utf8', prefix: '' },
    keys: 'either',
    carriesKeyId: true,
    hasPassphrase: false,
    detectsReplays: coverage.headers.some(name => name === 'date' || name === '(created)' || name === '(expires)'),
    compilePlan: planOptions => compileCavagePlan(coverage, planOptions, scheme),
    compileSigner: (credentials, signerOptions, crypto) => compileSigner(scheme, coverage, credentials, signerOptions, crypto),
  }
  return scheme
}

function compileSigner(
  scheme: CodedScheme,
  { carrier, headers: covered }: DraftCoverage,
  credentials: Credentials,
  options: SignerOptions,
  crypto: CryptoProvider,
) {
  const { clock = systemClock, json = compactJson, lifetimeMs = DEFAULT_LIFETIME_SECONDS * 1000 } = options
  const key = readSigningKey(scheme, credentials)
  const sign = createMessageSigner(key, crypto)
  const stampDate = createTimestamper('http-date', clock)
  const [prefix, keyName] = PREFIXES[carrier]

  return (request: SignableRequest): MaybePromise<SignedRequest> => {
    const url = typeof request.url === 'string' ? request.url : request.url.href
    checkSignableUrl(url)
    const { bytes, signed: body, contentType } = serializeBody(request.body, json, crypto)
    const method = upperCase(request.method)
    const { origin, target } = splitUrl(url)
    const names = body === undefined ? covered.filter(name => name !== 'digest') : covered
    const created = Math.floor(clock() / 1000)
    const added: Record<string, string> = {}
    if (contentType !== undefined) added['content-type'] = contentType
    if (names.includes('date')) added['date'] = request.timestamp ?? stampDate()
    const digest = names.includes('digest') ? crypto.hashText('sha256', { before: '', body, after: '' }, 'base64') : undefined
    return whenReady(digest, text => {
      if (text !== undefined) added['digest'] = `SHA-256=${text}`
      const given = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const)
      const lines = [
        ['host', hostOf(canonicalOrigin(origin))] as const,
        ...given.filter(([name]) => name !== 'host' && added[name] === undefined),
        ...Object.entries(added),
      ]
      const times = { created, expires: created + Math.ceil(lifetimeMs / 1000) }
      const made = createSigningString(names, { method, target, lines, ...times })
      if (made.missing !== undefined)
        throw new CountersignError('option-invalid', `The scheme ${scheme.name} covers ${made.missing}, and the request has none: give it.`)
      return whenReady(sign({ before: made.text, body: undefined, after: '' }), signature => {
        const parameters = [
          `${keyName}="${credentials.keyId ?? ''}"`,
          `algorithm="${names.includes('(created)') ? 'hs2019' : draftName(key.algorithm)}"`,
          ...(names.includes('(created)') ? [`created=${times.created}`] : []),
          ...(names.includes('(expires)') ? [`expires=${times.expires}`] : []),
          `headers="${names.join(' ')}"`,
          `signature="${signature}"`,
        ]
        added[carrier === 'signature' ? 'signature' : 'authorization'] = prefix + parameters.join(carrier === 'kong' ? ', ' : ',')
        return { method, url, headers: added, body: bytes, message: () => crypto.utf8(made.text) }
      })
    })
  }
}

export const PREFIXES = {
  authorization: ['Signature ', 'keyId'],
  signature: ['', 'keyId'],
  kong: ['hmac ', 'username'],
} as const

/** The draft's names; those without one are `hs2019`, which says that the key knows. */
export function draftName(algorithm: Algorithm): string {
  if (algorithmFacts(algorithm).family === 'hmac') return algorithm
  return algorithm === 'rsa-v1_5-sha256' ? 'rsa-sha256' : algorithm === 'ecdsa-p256-sha256' ? 'ecdsa-sha256' : 'hs2019'
}

function readSigningKey(scheme: CodedScheme, credentials: Credentials): SigningKey {
  const { privateKey } = credentials
  if (privateKey === undefined)
    return { algorithm: credentials.algorithm ?? 'hmac-sha256', secret: readSecret(scheme, credentials.secret, credentials).reveal() }
  const algorithm = credentials.algorithm ?? draftAlgorithm(privateKey)
  if (algorithm === undefined)
    throw new CountersignError('private-key-malformed', 'The private key is no key in PEM of an algorithm of the draft.')
  return { algorithm, privateKey }
}

/** What a key in PEM is for: RSA keys are for PKCS#1 v1.5, as everyone who speaks the draft has it. */
export function draftAlgorithm(pem: string): Algorithm | undefined {
  const algorithm = algorithmOfPem(pem)
  return algorithm === 'rsa-pss-sha512' ? 'rsa-v1_5-sha256' : algorithm
}
