import { type Algorithm, algorithmFacts } from '../algorithm.ts'
import { serializeBody } from '../body.ts'
import { upperCase } from '../compile-signer.ts'
import type { Credentials } from '../credentials.ts'
import { algorithmOfPem } from '../crypto/pem.ts'
import { type CryptoProvider, type MaybePromise, whenReady } from '../crypto/provider.ts'
import { CountersignError } from '../error.ts'
import { compactJson } from '../json.ts'
import { createNonceMaker } from '../nonce.ts'
import type { CodedScheme } from '../scheme.ts'
import { readSecret } from '../secret.ts'
import type { SignableRequest, SignedRequest, SignerOptions } from '../sign.ts'
import { systemClock } from '../timestamp.ts'
import { checkSignableUrl, splitUrl } from '../url.ts'
import type { HttpMessage } from './components.ts'
import { contentDigest, type DigestName } from './digest.ts'
import { createMessageSigner, type SigningKey } from './message-keys.ts'
import { parseComponents } from './message-signatures.ts'
import { compileHttpPlan } from './plan.ts'
import { createSignatureBase, serializeSignatureInput } from './signature-base.ts'

export interface HttpMessageSignaturesOptions {
  /** What users type. Default: `rfc9421`. */
  readonly name?: string | undefined
  readonly title?: string | undefined
  /** The signature's label. A verifier takes any, unless this is given. Default: `sig`. */
  readonly label?: string | undefined
  /**
   * What a signer covers and a verifier demands; a client may cover more. `content-digest` goes with bodies only.
   * Default: `@method`, `@target-uri` and `content-digest`.
   */
  readonly components?: readonly string[] | undefined
  /** The parameters that a signer writes and a verifier demands. Default: `created`, `keyid` and `nonce`. */
  readonly parameters?: readonly ('created' | 'expires' | 'keyid' | 'nonce' | 'alg' | 'tag')[] | undefined
  /** The application's own mark (RFC 9421 §2.3), written and demanded. */
  readonly tag?: string | undefined
  /** How the content digest is made. Default: `sha-256`; a verifier takes `sha-512` as well. */
  readonly digest?: DigestName | undefined
}

/** A scheme's options, filled in. */
export interface Coverage {
  readonly label: string | undefined
  readonly components: readonly string[]
  readonly parameters: readonly string[]
  readonly tag: string | undefined
}

const DEFAULT_LABEL = 'sig'
const DEFAULT_LIFETIME_SECONDS = 60

/**
 * HTTP Message Signatures (RFC 9421), with the coverage that an application needs. Keys are secrets (`hmac-sha256`, written in base64) or key
 * pairs (`ed25519`, `ecdsa-p256-sha256`, `ecdsa-p384-sha384`, `rsa-pss-sha512`, `rsa-v1_5-sha256`).
 *
 * @example
 * ```ts
 * const mine = httpMessageSignatures({ name: 'mine', components: ['@method', '@target-uri', 'content-digest', 'content-type'], tag: 'my-api' })
 * ```
 * @throws CountersignError `option-invalid` for a component that is unknown
 */
export function httpMessageSignatures(options: HttpMessageSignaturesOptions = {}): CodedScheme {
  const { name = 'rfc9421', title = 'HTTP Message Signatures', tag, digest = 'sha-256' } = options
  const components = parseComponents(options.components ?? ['@method', '@target-uri', 'content-digest'])
  const parameters = [...(options.parameters ?? ['created', 'keyid', 'nonce']), ...(tag === undefined ? [] : ['tag'])]
  const coverage: Coverage = { label: options.label, components: components.map(({ identifier }) => identifier), parameters, tag }
  const bare = components.filter(component => component.name !== 'content-digest')
  const identifiers = { whole: coverage.components.join(' '), bare: bare.map(({ identifier }) => identifier).join(' ') }
  const digests = bare.length < components.length
  const label = options.label ?? DEFAULT_LABEL

  function compileSigner(credentials: Credentials, signerOptions: SignerOptions, crypto: CryptoProvider) {
    const { keyId, ...key } = readSigningKey(scheme, credentials)
    const { clock = systemClock, json = compactJson, lifetimeMs } = signerOptions
    const lifetimeSeconds = lifetimeMs === undefined ? DEFAULT_LIFETIME_SECONDS : Math.ceil(lifetimeMs / 1000)
    const makeNonce = createNonceMaker('random', clock)
    const sign = createMessageSigner(key, crypto)
    return (request: SignableRequest): MaybePromise<SignedRequest> => {
      const url = typeof request.url === 'string' ? request.url : request.url.href
      checkSignableUrl(url)
      const { bytes, signed: body, contentType } = serializeBody(request.body, json, crypto)
      const created = request.timestamp === undefined ? Math.floor(clock() / 1000) : readSeconds(request.timestamp)
      const hasDigest = digests && body !== undefined
      const covered = hasDigest ? components : bare
      const input = serializeSignatureInput(hasDigest ? identifiers.whole : identifiers.bare, {
        created: parameters.includes('created') ? created : undefined,
        keyid: keyId,
        alg: parameters.includes('alg') ? key.algorithm : undefined,
        expires: parameters.includes('expires') ? created + lifetimeSeconds : undefined,
        nonce: request.nonce ?? (parameters.includes('nonce') ? makeNonce() : undefined),
        tag,
      })
      return whenReady(hasDigest ? contentDigest(crypto, body, digest) : undefined, digestText => {
        const headers: Record<string, string> = {}
        if (contentType !== undefined) headers['content-type'] = contentType
        if (digestText !== undefined) headers['content-digest'] = digestText
        const message: HttpMessage = {
          method: upperCase(request.method),
          ...canonicalTarget(url),
          headers: [
            ...Object.entries(request.headers ?? {}).filter(([name]) => headers[name.toLowerCase()] === undefined),
            ...Object.entries(headers),
          ],
        }
        const made = createSignatureBase(message, covered, input)
        if ('missing' in made)
          throw new CountersignError('option-invalid', `The scheme ${name} covers ${made.missing}, and the request has none: give it.`)
        return whenReady(sign({ before: made.base, body: undefined, after: '' }), signature => {
          headers['signature-input'] = `${label}=${input}`
          headers['signature'] = `${label}=:${signature}:`
          return { method: message.method ?? '', url, headers, body: bytes, message: () => crypto.utf8(made.base) }
        })
      })
    }
  }

  const scheme: CodedScheme = {
    kind: 'coded',
    carries: [
      {
        in: 'header',
        name: 'signature-input',
        description: `The covered components (at least ${coverage.components.join(' ')}) and the parameters ${parameters.join(', ')}.`,
      },
      { in: 'header', name: 'signature', description: 'The signature of the signature base, base64 between colons, under the same label.' },
      ...(digests
        ? ([
            { in: 'header', name: 'content-digest', description: `The ${digest} of the body, base64 between colons; with every body.` },
          ] as const)
        : []),
    ],
    signs: 'the signature base: a line for each covered component, and the signature parameters',
    name,
    title,
    docs: 'https://www.rfc-editor.org/rfc/rfc9421',
    secret: { encoding: 'base64', prefix: '' },
    keys: 'either',
    carriesKeyId: true,
    hasPassphrase: false,
    detectsReplays: parameters.includes('created') || parameters.includes('nonce'),
    compileSigner,
    compilePlan: planOptions => compileHttpPlan(coverage, planOptions, scheme),
  }
  return scheme
}

function readSigningKey(scheme: CodedScheme, credentials: Credentials): SigningKey & { readonly keyId: string | undefined } {
  const { keyId, privateKey } = credentials
  if (privateKey === undefined) {
    const algorithm: Algorithm = credentials.algorithm ?? 'hmac-sha256'
    if (algorithmFacts(algorithm).family !== 'hmac')
      throw new CountersignError('credential-missing', `The algorithm ${algorithm} wants a privateKey, in PEM.`)
    return { keyId, algorithm, secret: readSecret(scheme, credentials.secret, credentials).reveal() }
  }
  const algorithm = credentials.algorithm ?? algorithmOfPem(privateKey)
  if (algorithm === undefined)
    throw new CountersignError('private-key-malformed', 'The private key is no key in PEM of an algorithm of RFC 9421.')
  return { keyId, algorithm, privateKey }
}

function readSeconds(timestamp: string): number {
  if (/^\d{10}$/.test(timestamp)) return Number(timestamp)
  throw new CountersignError('timestamp-invalid', `${JSON.stringify(timestamp.slice(0, 40))} is no timestamp in seconds.`)
}

/** Scheme and host in lower case, and the scheme's own port left out (RFC 9421 §2.2.3). */
export function canonicalTarget(url: string): { readonly origin: string; readonly target: string } {
  const { origin, target } = splitUrl(url)
  return { origin: canonicalOrigin(origin), target }
}

export function canonicalOrigin(origin: string): string {
  const lower = origin.toLowerCase()
  return lower.startsWith('https:') || lower.startsWith('wss:') ? lower.replace(/:443$/, '') : lower.replace(/:80$/, '')
}
