import type { Algorithm } from '../algorithm.ts'
import { type CryptoProvider, inTurn, type MaybePromise, whenReady } from '../crypto/provider.ts'
import type { Failure } from '../failure.ts'
import { headerLines } from '../header-lines.ts'
import { createMessageVerifier } from '../http-signatures/message-keys.ts'
import { canonicalOrigin } from '../http-signatures/scheme.ts'
import { createKey, type Key } from '../keys.ts'
import type { Origin } from '../origins.ts'
import { parseTimestamp } from '../parse-timestamp.ts'
import type { Plan, PlanOptions, PlanRequest, Reading, Signatures } from '../plan.ts'
import type { CodedScheme } from '../scheme.ts'
import { hostOf } from '../url.ts'
import { type DraftCoverage, draftAlgorithm, draftName, PREFIXES } from './scheme.ts'
import { createSigningString } from './signing-string.ts'

interface CavageReading extends Reading {
  readonly lines: readonly (readonly [string, string])[]
  readonly names: readonly string[]
  readonly algorithm: string | undefined
  readonly created: number | undefined
  readonly expires: number | undefined
  readonly signature: string
}

const MAX_HEADER_LENGTH = 8192
const MAX_COVERED = 64

/** What a verifier runs for the draft: what the scheme covers is demanded, more may be covered. */
export function compileCavagePlan(coverage: DraftCoverage, { crypto }: PlanOptions, scheme: CodedScheme): Plan<CavageReading> {
  const checkers = new WeakMap<Key, readonly Checker[]>()
  const header = coverage.carrier === 'signature' ? 'signature' : 'authorization'
  const demanded = coverage.headers.filter(name => name !== 'digest')
  const wantsDigest = demanded.length < coverage.headers.length

  return {
    decoy: createKey(scheme, { id: 'decoy', secret: globalThis.crypto.getRandomValues(new Uint8Array(32)) }),

    read({ headers }: PlanRequest) {
      const lines = headerLines(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
      for (const name of [header, 'host', 'date', 'digest'])
        if (lines.filter(([own]) => own === name).length > 1) return { code: 'duplicate-header', header: name }
      const text = lines.find(([name]) => name === header)?.[1]
      if (text === undefined || text === '') return { code: 'missing-header', header }
      const [prefix, keyName] = PREFIXES[coverage.carrier]
      const parameters = text.length > MAX_HEADER_LENGTH || !text.startsWith(prefix) ? undefined : readParameters(text.slice(prefix.length))
      if (parameters === undefined) return { code: 'malformed-header', header }
      const { signature, headers: names = 'date', algorithm, created: createdText, expires: expiresText } = parameters
      const keyId = parameters[keyName]
      if (keyId === undefined || signature === undefined) return { code: 'malformed-header', header }
      const covered = names.split(' ')
      if (covered.length > MAX_COVERED || new Set(covered).size < covered.length) return { code: 'malformed-header', header }
      const missing = demanded.filter(name => !covered.includes(name))
      if (missing.length > 0) return { code: 'insufficient-coverage', missing }
      const [created, expires] = [createdText, expiresText].map(time =>
        time === undefined || !/^\d{10}$/.test(time) ? undefined : Number(time),
      )
      const date = lines.find(([name]) => name === 'date')?.[1]
      const dated = date === undefined || !covered.includes('date') ? undefined : parseTimestamp(date, ['http-date'])
      if (covered.includes('date') && dated === undefined)
        return { code: date === undefined ? 'missing-header' : 'malformed-timestamp', header: 'date' }
      return {
        keyId,
        host: lines.find(([name]) => name === 'host')?.[1],
        issuedMs: covered.includes('(created)') && created !== undefined ? created * 1000 : dated?.ms,
        expiresMs: covered.includes('(expires)') && expires !== undefined ? expires * 1000 : undefined,
        isLongLived: false,
        isUnique: false,
        nonce: '',
        lines,
        names: covered,
        algorithm,
        created,
        expires,
        signature,
      }
    },

    statedDigest({ names, lines }: CavageReading) {
      const text = names.includes('digest') ? statedSha256(lines) : undefined
      return text === undefined ? undefined : { algorithm: 'sha256', encoding: 'base64', text }
    },

    check(
      key: Key,
      reading: CavageReading,
      { method, target }: PlanRequest,
      body: Uint8Array | undefined,
      { origin, basePath }: Origin,
      isDeferred = false,
    ) {
      const { names, created, expires } = reading
      if (wantsDigest && body !== undefined && !names.includes('digest')) return { code: 'insufficient-coverage', missing: ['digest'] }
      const host = hostOf(canonicalOrigin(origin))
      const lines = [['host', host] as const, ...reading.lines.filter(([name]) => name !== 'host')]
      const { text, missing } = createSigningString(names, { method, target: basePath + target, lines, created, expires })
      if (missing !== undefined) return { code: 'missing-header', header: missing }
      return whenReady(isDeferred || digestHolds(reading.lines, body, crypto), (holds): MaybePromise<Signatures | Failure | undefined> => {
        if (!holds) return { code: 'digest-mismatch' }
        let known = checkers.get(key)
        if (known === undefined) {
          known = createCheckers(key, crypto)
          checkers.set(key, known)
        }
        return compare(text, reading, known)
      })
    },
  }
}

const PARAMETERS = new Set(['keyId', 'username', 'algorithm', 'created', 'expires', 'headers', 'signature'])

/** `keyId="…",created=1…`: every parameter once, and none that means nothing. */
function readParameters(text: string): { readonly [name: string]: string | undefined } | undefined {
  const parameters: Record<string, string> = {}
  const pattern = / ?([A-Za-z]{1,32})=(?:"([^"\\]*)"|(\d{1,15}))(,|$)/y
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text)
    const name = match?.[1]
    if (match === null || name === undefined || !PARAMETERS.has(name) || parameters[name] !== undefined) return undefined
    parameters[name] = match[2] ?? match[3] ?? ''
    if (match[4] === '') return parameters
  }
  return undefined
}

/** `SHA-256=…` of the body, where a digest is there at all; other algorithms prove nothing. */
function digestHolds(lines: CavageReading['lines'], body: Uint8Array | undefined, crypto: CryptoProvider): MaybePromise<boolean> {
  if (!lines.some(([name]) => name === 'digest')) return true
  const stated = statedSha256(lines)
  if (stated === undefined) return false
  return whenReady(crypto.hashText('sha256', { before: '', body, after: '' }, 'base64'), hash => crypto.equal(hash, stated))
}

/** The first of that algorithm. */
function statedSha256(lines: CavageReading['lines']): string | undefined {
  const value = lines.find(([name]) => name === 'digest')?.[1] ?? ''
  return value
    .split(',')
    .map(digest => /^\s*SHA-256=([A-Za-z0-9+/]{43}=)\s*$/i.exec(digest)?.[1])
    .find(digest => digest !== undefined)
}

interface Checker {
  readonly names: readonly string[]
  readonly verify: ReturnType<typeof createMessageVerifier>
}

function createCheckers({ algorithm, secrets, publicKey }: Key, crypto: CryptoProvider): readonly Checker[] {
  const named = (chosen: Algorithm): readonly string[] => ['hs2019', draftName(chosen), chosen]
  if (publicKey === undefined) {
    const chosen = algorithm ?? 'hmac-sha256'
    return secrets.map(secret => ({
      names: named(chosen),
      verify: createMessageVerifier({ algorithm: chosen, secret: secret.reveal() }, crypto),
    }))
  }
  const chosen = algorithm ?? draftAlgorithm(publicKey) ?? 'rsa-v1_5-sha256'
  return [{ names: named(chosen), verify: createMessageVerifier({ algorithm: chosen, publicKey }, crypto) }]
}

function compare(
  text: string,
  { algorithm, signature }: CavageReading,
  checkers: readonly Checker[],
): MaybePromise<Signatures | undefined> {
  let holds = false
  const checked = inTurn(checkers, ({ names, verify }) => {
    if (algorithm !== undefined && !names.includes(algorithm)) return undefined
    return whenReady(verify({ before: text, body: undefined, after: '' }, signature), good => {
      if (good) holds = true
    })
  })
  return whenReady(checked, () => (holds ? [signature] : undefined))
}
