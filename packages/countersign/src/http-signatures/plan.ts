import { algorithmOfPem } from '../crypto/pem.ts'
import { type CryptoProvider, inTurn, type MaybePromise, whenReady } from '../crypto/provider.ts'
import type { Failure } from '../failure.ts'
import { headerLines } from '../header-lines.ts'
import { createKey, type Key } from '../keys.ts'
import type { Origin } from '../origins.ts'
import type { Plan, PlanOptions, PlanRequest, Reading, Signatures } from '../plan.ts'
import type { CodedScheme } from '../scheme.ts'
import { type Component, findLines, type HttpMessage, type Lines } from './components.ts'
import { digestHolds, singleDigest } from './digest.ts'
import { createMessageVerifier, type VerifyingKey } from './message-keys.ts'
import { type LabelledSignature, readSignatures } from './message-signatures.ts'
import { type Coverage, canonicalOrigin } from './scheme.ts'
import { createSignatureBase } from './signature-base.ts'
import { createSingleReader } from './single-signature.ts'

interface HttpReading extends Reading {
  readonly chosen: LabelledSignature
  readonly lines: Lines
}

/** More than this many characters of `Signature-Input` or `Signature` is refused unread. */
const MAX_FIELD_LENGTH = 16_384
const MAX_NONCE_LENGTH = 256

/** What a verifier runs for RFC 9421: the coverage is demanded, of the first signature that has it. */
export function compileHttpPlan(coverage: Coverage, { crypto }: PlanOptions, scheme: CodedScheme): Plan<HttpReading> {
  const withoutDigest = coverage.components.filter(identifier => identifier !== '"content-digest"')
  const wantsDigest = withoutDigest.length < coverage.components.length
  const checkers = new WeakMap<Key, readonly Checker[]>()

  const readSingle = createSingleReader()
  const lacking = new WeakMap<readonly Component[], readonly string[]>()

  function findLacking(components: readonly Component[]): readonly string[] {
    let found = lacking.get(components)
    if (found === undefined) {
      found = withoutDigest.filter(identifier => !components.some(component => component.identifier === identifier))
      lacking.set(components, found)
    }
    return found
  }

  /** What the scheme demands and a signature lacks; of the digest only a body can tell. */
  function findMissing({ components, parameters }: LabelledSignature): readonly string[] {
    const missing = [...findLacking(components)]
    for (const name of coverage.parameters) if (parameters[name as keyof typeof parameters] === undefined) missing.push(`;${name}`)
    return missing
  }

  function choose(signatures: readonly LabelledSignature[]): LabelledSignature | Failure {
    const candidates = signatures.filter(
      ({ label, parameters }) => (coverage.label ?? label) === label && (coverage.tag === undefined || parameters.tag === coverage.tag),
    )
    const [first] = candidates
    if (first === undefined)
      return signatures.length === 0
        ? { code: 'missing-header', header: 'signature-input' }
        : { code: 'malformed-header', header: 'signature-input' }
    const good = candidates.find(candidate => findMissing(candidate).length === 0)
    return good ?? { code: 'insufficient-coverage', missing: findMissing(first) }
  }

  return {
    decoy: createKey(scheme, { id: 'decoy', secret: globalThis.crypto.getRandomValues(new Uint8Array(32)) }),

    read({ method, target, headers }: PlanRequest) {
      const lines = headerLines(headers)
      const inputs = findLines(lines, 'signature-input')
      const texts = findLines(lines, 'signature')
      if (inputs === undefined || texts === undefined)
        return { code: 'missing-header', header: inputs === undefined ? 'signature-input' : 'signature' }
      if (lengthOf(inputs) > MAX_FIELD_LENGTH) return { code: 'malformed-header', header: 'signature-input' }
      if (lengthOf(texts) > MAX_FIELD_LENGTH) return { code: 'malformed-header', header: 'signature' }
      const single = inputs.length === 1 && texts.length === 1 ? readSingle(inputs[0] ?? '', texts[0] ?? '') : undefined
      const signatures = single === undefined ? readSignatures({ method, target, headers: lines }) : [single]
      if (signatures === undefined) return { code: 'malformed-header', header: 'signature-input' }
      const chosen = choose(signatures)
      if ('code' in chosen) return chosen
      const { created, expires, keyid = '', nonce = '' } = chosen.parameters
      if (keyid.length > MAX_FIELD_LENGTH || nonce.length > MAX_NONCE_LENGTH) return { code: 'malformed-header', header: 'signature-input' }
      const hosts = findLines(lines, 'host')
      if (hosts !== undefined && hosts.length > 1) return { code: 'duplicate-header', header: 'host' }
      return {
        keyId: keyid,
        host: hosts?.[0],
        issuedMs: created === undefined ? undefined : created * 1000,
        expiresMs: expires === undefined ? undefined : expires * 1000,
        isLongLived: false,
        isUnique: false,
        nonce,
        chosen,
        lines,
      }
    },

    statedDigest({ chosen, lines }: HttpReading) {
      const field = coversDigest(chosen) ? findLines(lines, 'content-digest') : undefined
      return field === undefined ? undefined : singleDigest(field.join(', '))
    },

    check(
      key: Key,
      { chosen, lines }: HttpReading,
      { method, target }: PlanRequest,
      body: Uint8Array | undefined,
      { origin, basePath }: Origin,
      isDeferred = false,
    ) {
      const covers = coversDigest(chosen)
      if (wantsDigest && body !== undefined && !covers) return { code: 'insufficient-coverage', missing: ['"content-digest"'] }
      const message: HttpMessage = { method, origin: canonicalOrigin(origin), target: basePath + target, headers: lines }
      const field = findLines(lines, 'content-digest')
      const holds = field === undefined || isDeferred ? true : digestHolds(crypto, field.join(', '), body)
      return whenReady(holds, (good): MaybePromise<Signatures | Failure | undefined> => {
        if (!good) return { code: 'digest-mismatch' }
        let known = checkers.get(key)
        if (known === undefined) {
          known = createCheckers(key, crypto)
          checkers.set(key, known)
        }
        return compare(message, chosen, known)
      })
    },
  }
}

function coversDigest({ components }: LabelledSignature): boolean {
  return components.some(({ identifier }) => identifier === '"content-digest"')
}

function lengthOf(lines: readonly string[]): number {
  return lines.reduce((length, line) => length + line.length, 0)
}

interface Checker {
  readonly algorithm: string
  readonly verify: ReturnType<typeof createMessageVerifier>
}

function createCheckers(key: Key, crypto: CryptoProvider): readonly Checker[] {
  return verifyingKeys(key).map(verifyingKey => ({
    algorithm: verifyingKey.algorithm,
    verify: createMessageVerifier(verifyingKey, crypto),
  }))
}

/** A key says itself which algorithm it is for; what the request says can only agree. */
function verifyingKeys({ algorithm, secrets, publicKey }: Key): readonly VerifyingKey[] {
  if (publicKey === undefined) return secrets.map(secret => ({ algorithm: algorithm ?? 'hmac-sha256', secret: secret.reveal() }))
  return [{ algorithm: algorithm ?? algorithmOfPem(publicKey) ?? 'ed25519', publicKey }]
}

function compare(
  message: HttpMessage,
  { components, input, parameters, signature }: LabelledSignature,
  checkers: readonly Checker[],
): MaybePromise<Signatures | undefined> {
  const made = createSignatureBase(message, components, input)
  if ('missing' in made) return undefined
  const toSign = { before: made.base, body: undefined, after: '' }
  let holds = false
  const checked = inTurn(checkers, ({ algorithm, verify }) => {
    if (parameters.alg !== undefined && parameters.alg !== algorithm) return undefined
    return whenReady(verify(toSign, signature), good => {
      if (good) holds = true
    })
  })
  return whenReady(checked, () => (holds ? [signature] : undefined))
}
