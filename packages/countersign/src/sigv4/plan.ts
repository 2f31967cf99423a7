import { type CryptoProvider, inTurn, type MaybePromise, whenReady } from '../crypto/provider.ts'
import type { Failure } from '../failure.ts'
import { headerLines } from '../header-lines.ts'
import { canonicalOrigin } from '../http-signatures/scheme.ts'
import { createKey, type Key } from '../keys.ts'
import { percentDecode } from '../message.ts'
import type { Origin } from '../origins.ts'
import { parseTimestamp } from '../parse-timestamp.ts'
import type { Plan, PlanOptions, PlanRequest, Reading, Signatures } from '../plan.ts'
import type { CodedScheme } from '../scheme.ts'
import { hostOf, pathOf, queryOf } from '../url.ts'
import { canonicalHeaders, canonicalPath, canonicalQuery, type Line } from './canonical.ts'
import { ALGORITHM, isS3Service, MAX_EXPIRES, PAYLOAD_MARKERS, type SigV4Options, signCanonical } from './scheme.ts'
import { type CredentialScope, createScopedSigner, type ScopedSigner, TERMINATOR } from './signing-key.ts'

interface SigV4Reading extends Reading {
  readonly lines: readonly Line[]
  readonly scope: CredentialScope
  readonly timestamp: string
  readonly signedNames: readonly string[]
  readonly signature: string
  readonly token: string | undefined
  readonly inQuery: boolean
}

/** What the header or the query says, before it is understood. */
interface Stated {
  readonly credential: string
  readonly signedNames: string
  readonly signature: string
  readonly timestamp: string
  readonly expires: string | undefined
  readonly token: string | undefined
  readonly inQuery: boolean
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([!-+\--~]{1,512}), ?SignedHeaders=([a-z0-9!#$%&'*+.^_`|~;-]{1,4096}), ?Signature=([0-9a-f]{64})$/

/** What a verifier runs for SigV4. The host and every `x-amz-` header that came have to be signed, as AWS has it. */
export function compileSigV4Plan(options: SigV4Options, { crypto }: PlanOptions, scheme: CodedScheme): Plan<SigV4Reading> {
  const signers = new WeakMap<Key, readonly ScopedSigner[]>()
  const signersOf = (key: Key): readonly ScopedSigner[] => {
    let known = signers.get(key)
    if (known === undefined) {
      known = key.secrets.map(secret => createScopedSigner(secret.reveal(), crypto))
      signers.set(key, known)
    }
    return known
  }

  return {
    decoy: createKey(scheme, { id: 'decoy', secret: globalThis.crypto.getRandomValues(new Uint8Array(32)) }),

    read({ target, headers }: PlanRequest) {
      const lines = headerLines(headers).map(([name, value]): Line => [name.toLowerCase(), value])
      const stated = readStated(lines, target)
      if ('code' in stated) return stated
      return understand(stated, lines, options)
    },

    statedDigest(reading: SigV4Reading) {
      const text = statedHash(reading)
      return /^[0-9a-f]{64}$/.test(text) ? { algorithm: 'sha256', encoding: 'hex', text } : undefined
    },

    check(key: Key, reading: SigV4Reading, request: PlanRequest, body: Uint8Array | undefined, origin: Origin, isDeferred = false) {
      if (key.passphrase !== undefined && !crypto.equal(new TextDecoder().decode(key.passphrase.reveal()), reading.token ?? ''))
        return undefined
      return whenReady(
        isDeferred ? statedHash(reading) : findPayload(reading, body, options, crypto),
        (payload): MaybePromise<Signatures | Failure | undefined> => {
          if (typeof payload !== 'string') return payload
          return compare(canonicalRequest(reading, request, payload, origin), reading, signersOf(key), crypto)
        },
      )
    },
  }
}

function readStated(lines: readonly Line[], target: string): Stated | Failure {
  const valuesOf = (name: string): readonly string[] => lines.filter(([own]) => own === name).map(([, value]) => value)
  const authorization = valuesOf('authorization')
  if (authorization.length > 1) return { code: 'duplicate-header', header: 'authorization' }
  const [text] = authorization
  if (text === undefined) return readQuery(target)
  const match = AUTHORIZATION.exec(text)
  if (match === null) return { code: 'malformed-header', header: 'authorization' }
  const dates = valuesOf('x-amz-date')
  const tokens = valuesOf('x-amz-security-token')
  for (const [name, values] of [
    ['x-amz-date', dates],
    ['x-amz-security-token', tokens],
    ['x-amz-content-sha256', valuesOf('x-amz-content-sha256')],
  ] as const)
    if (values.length > 1) return { code: 'duplicate-header', header: name }
  const [timestamp] = dates
  if (timestamp === undefined) return { code: 'missing-header', header: 'x-amz-date' }
  const [, credential = '', signedNames = '', signature = ''] = match
  return { credential, signedNames, signature, timestamp, expires: undefined, token: tokens[0], inQuery: false }
}

const QUERY_NAMES = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
  'X-Amz-Date',
  'X-Amz-Expires',
] as const

function readQuery(target: string): Stated | Failure {
  const given = new Map<string, string>()
  for (const pair of queryOf(target).split('&')) {
    const equals = pair.indexOf('=')
    const name = equals < 0 ? pair : pair.slice(0, equals)
    if (!name.startsWith('X-Amz-')) continue
    if (given.has(name)) return { code: 'duplicate-header', header: `?${name}` }
    const value = percentDecode(pair.slice(equals + 1))
    if (value === undefined) return { code: 'malformed-header', header: `?${name}` }
    given.set(name, value)
  }
  if (!given.has('X-Amz-Signature')) return { code: 'missing-header', header: 'authorization' }
  const missing = QUERY_NAMES.find(name => !given.has(name))
  if (missing !== undefined) return { code: 'missing-header', header: `?${missing}` }
  const value = (name: (typeof QUERY_NAMES)[number]): string => given.get(name) ?? ''
  if (value('X-Amz-Algorithm') !== ALGORITHM) return { code: 'malformed-header', header: '?X-Amz-Algorithm' }
  if (!/^[0-9a-f]{64}$/.test(value('X-Amz-Signature'))) return { code: 'malformed-signature', header: '?X-Amz-Signature' }
  return {
    credential: value('X-Amz-Credential'),
    signedNames: value('X-Amz-SignedHeaders'),
    signature: value('X-Amz-Signature'),
    timestamp: value('X-Amz-Date'),
    expires: value('X-Amz-Expires'),
    token: given.get('X-Amz-Security-Token'),
    inQuery: true,
  }
}

function understand(stated: Stated, lines: readonly Line[], options: SigV4Options): SigV4Reading | Failure {
  const { credential, timestamp, signature, token, inQuery } = stated
  const place = inQuery ? '?X-Amz-Credential' : 'authorization'
  const [terminator, service = '', region = '', day = '', ...rest] = credential.split('/').reverse()
  // An access key id may hold a slash.
  const keyId = rest.reverse().join('/')
  if (terminator !== TERMINATOR || service === '' || region === '' || keyId === '') return { code: 'malformed-header', header: place }
  if ((options.service ?? service) !== service || (options.region ?? region) !== region) return { code: 'malformed-header', header: place }
  const time = parseTimestamp(timestamp, ['iso8601-basic'])
  if (time === undefined || timestamp.slice(0, 8) !== day)
    return { code: 'malformed-timestamp', header: inQuery ? '?X-Amz-Date' : 'x-amz-date' }
  const seconds = stated.expires === undefined ? undefined : /^\d{1,6}$/.test(stated.expires) ? Number(stated.expires) : 0
  if (seconds !== undefined && (seconds < 1 || seconds > MAX_EXPIRES)) return { code: 'malformed-header', header: '?X-Amz-Expires' }
  const signedNames = stated.signedNames.split(';')
  if (signedNames.some((name, index) => name === '' || (index > 0 && name <= (signedNames[index - 1] ?? ''))))
    return { code: 'malformed-header', header: inQuery ? '?X-Amz-SignedHeaders' : 'authorization' }
  const wanted = ['host', ...new Set(lines.map(([name]) => name).filter(name => name.startsWith('x-amz-')))]
  const missing = wanted.filter(name => !signedNames.includes(name))
  if (missing.length > 0) return { code: 'insufficient-coverage', missing }
  const hosts = lines.filter(([name]) => name === 'host')
  if (hosts.length > 1) return { code: 'duplicate-header', header: 'host' }
  return {
    keyId,
    host: hosts[0]?.[1],
    issuedMs: time.ms,
    expiresMs: seconds === undefined ? undefined : time.ms + seconds * 1000,
    isLongLived: seconds !== undefined,
    isUnique: false,
    nonce: '',
    lines,
    scope: { day, region, service },
    timestamp,
    signedNames,
    signature,
    token,
    inQuery,
  }
}

/** Empty where there is none. Whatever it is, it is the payload's line, which is signed. */
function statedHash({ lines }: SigV4Reading): string {
  return lines.find(([name]) => name === 'x-amz-content-sha256')?.[1] ?? ''
}

/** The payload's line of the canonical request: its hash, or the marker that stands for it where that is allowed. */
function findPayload(
  reading: SigV4Reading,
  body: Uint8Array | undefined,
  options: SigV4Options,
  crypto: CryptoProvider,
): MaybePromise<string | Failure> {
  const stated = reading.lines.find(([name]) => name === 'x-amz-content-sha256')?.[1]
  const marker = stated ?? (reading.inQuery && isS3Service(reading.scope.service) ? 'UNSIGNED-PAYLOAD' : undefined)
  if (marker !== undefined && PAYLOAD_MARKERS.has(marker))
    return options.allowUnsignedPayload === true || body === undefined
      ? marker
      : { code: 'insufficient-coverage', missing: ['the payload'] }
  return whenReady(crypto.hashText('sha256', { before: '', body, after: '' }, 'hex'), hash =>
    stated === undefined || crypto.equal(stated, hash) ? hash : ({ code: 'digest-mismatch' } as const),
  )
}

function canonicalRequest(reading: SigV4Reading, { method, target }: PlanRequest, payload: string, { origin, basePath }: Origin): string {
  const host = hostOf(canonicalOrigin(origin))
  const lines: Line[] = [['host', host], ...reading.lines.filter(([name]) => name !== 'host')]
  const path = canonicalPath(basePath + pathOf(target), isS3Service(reading.scope.service))
  const query = canonicalQuery(queryOf(target), reading.inQuery ? 'X-Amz-Signature' : undefined)
  return `${method}\n${path}\n${query}\n${canonicalHeaders(lines, reading.signedNames)}\n${reading.signedNames.join(';')}\n${payload}`
}

function compare(
  canonical: string,
  reading: SigV4Reading,
  signers: readonly ScopedSigner[],
  crypto: CryptoProvider,
): MaybePromise<Signatures | undefined> {
  const signatures: string[] = []
  let holds = false
  const checked = inTurn(signers, signFor =>
    whenReady(signCanonical(canonical, reading.timestamp, reading.scope, signFor, crypto), ({ signature }) => {
      signatures.push(signature)
      if (crypto.equal(signature, reading.signature)) holds = true
    }),
  )
  return whenReady(checked, () => (holds ? signatures : undefined))
}
