import {
  type BodyReader,
  type BodyUse,
  carriesOf,
  type Failure,
  type IncomingHeaders,
  type IncomingRequest,
  type Scheme,
  throwUnjudged,
  type Verification,
  type Verifier,
  type VerifyOptions,
} from 'countersign'
import { ServerError } from './errors.ts'

export interface VerifiedInTurn {
  readonly result: Verification
  /** Which scheme decided. */
  readonly scheme: string
}

/**
 * Tries one scheme after the other until one takes the call or refuses its signature, so that clients can move from one
 * to the next. If none does, the first one's refusal is the answer.
 *
 * A request that is signed by several schemes is one call: the other verifiers remember it too, since whoever saw it
 * could take out one signature and send it by another. Where one of them can't, such as for a signature that is good
 * only later, the request is refused. Its body is read, whatever `deferBody` says.
 *
 * @throws ServerError `route-invalid` without any verifier
 */
export function verifyInTurn(
  verifiers: readonly Verifier[],
): (request: IncomingRequest, options?: VerifyOptions) => Promise<VerifiedInTurn> {
  const [first] = verifiers
  if (first === undefined) throw new ServerError('route-invalid', 400, 'A route has at least one scheme.')
  if (verifiers.length === 1)
    return async (request, options) => ({ result: await verifyBy(first, request, options), scheme: first.scheme.name })
  return async (given, asked = {}) => {
    const request =
      typeof given.body === 'function'
        ? { ...given, body: readOnce(given.body, () => verifiers.flatMap(verifier => verifier.bodyUseOf(given) ?? [])) }
        : given
    const isForOne = asked.deferBody !== true || verifiers.filter(verifier => verifier.isSigned(request)).length < 2
    const options = isForOne ? asked : { ...asked, deferBody: false }
    const passedOver: VerifiedInTurn[] = []
    for (const [index, verifier] of verifiers.entries()) {
      const result = await verifyBy(verifier, request, options)
      const answer = { result, scheme: verifier.scheme.name }
      if (result.ok) {
        const taken = carriedBy(verifier.scheme)
        for (const [at, other] of verifiers.entries()) {
          const isPresented = at !== index && presents(other.scheme, taken, request)
          if (at === index || !(isPresented || other.isSigned(request))) continue
          const known = passedOver[at] ?? { result: await verifyBy(other, request), scheme: other.scheme.name }
          if (!known.result.ok && !isHarmless(known.result.failure, isPresented)) return known
        }
        return answer
      }
      if (!isForAnother(result.failure)) return answer
      passedOver.push(answer)
    }
    return passedOver[0] as VerifiedInTurn
  }
}

/** @throws what kept the request from being judged: the gateway answers and reports that itself */
async function verifyBy(verifier: Verifier, request: IncomingRequest, options?: VerifyOptions): Promise<Verification> {
  const result = await verifier.verify(request, options)
  throwUnjudged(result)
  return result
}

/** A scheme that does not sign the whole request takes some calls only: the others may be signed by another scheme. */
const FOR_ANOTHER: readonly Failure['code'][] = ['missing-header', 'method-not-allowed', 'part-not-taken']

function isForAnother({ code }: Failure): boolean {
  return FOR_ANOTHER.includes(code)
}

/** Refusals of a signature that is refused wherever and whenever it is sent. */
const CANT_BE_SENT_ALONE: readonly Failure['code'][] = ['missing-header', 'unknown-key', 'bad-signature', 'key-revoked']

/** What keeps a call from being remembered by a verifier that could take it. */
const NOT_REMEMBERED: readonly Failure['code'][] = ['replayed', 'replay-guard-unavailable', 'replay-guard-full', 'key-source-unavailable']

/**
 * Whether another scheme's refusal leaves a call that was taken as it is.
 *
 * @param isPresented what it refused is its own; else it may just have misread what the other scheme reads
 */
function isHarmless(failure: Failure, isPresented: boolean): boolean {
  if (!isPresented) return !NOT_REMEMBERED.includes(failure.code)
  return CANT_BE_SENT_ALONE.includes(failure.code) || (failure.code === 'timestamp-out-of-window' && failure.skewMs < 0)
}

/** Where a scheme's signature travels. */
function carriedBy(scheme: Scheme): ReadonlySet<string> {
  return new Set(carriesOf(scheme).map(({ in: place, name }) => `${place} ${name}`))
}

/** Whether a request has anything that this scheme reads and the one that took it does not. */
function presents(scheme: Scheme, taken: ReadonlySet<string>, { headers, target }: IncomingRequest): boolean {
  const [, query = ''] = /\?(.*)/s.exec(target) ?? []
  const given = new Set([
    ...namesOf(headers).map(name => `header ${name.toLowerCase()}`),
    ...[...new URLSearchParams(query).keys()].map(name => `query ${name}`),
  ])
  return carriesOf(scheme).some(({ in: place, name }) => given.has(`${place} ${name}`) && !taken.has(`${place} ${name}`))
}

function namesOf(headers: IncomingHeaders): readonly string[] {
  if (headers instanceof Headers) return [...headers.keys()]
  if (!Array.isArray(headers)) return Object.keys(headers)
  return headers.flatMap((line: string | readonly [string, string], index) =>
    typeof line !== 'string' ? line[0] : index % 2 === 0 ? line : [],
  )
}

/** A reader that may be asked again: the body comes once, and is kept if any of the verifiers wants it. */
function readOnce(read: BodyReader, usesOf: () => readonly BodyUse[]): BodyReader {
  let body: ReturnType<BodyReader> | undefined
  return maxBytes => {
    body ??= read(maxBytes, useByAny(usesOf()))
    return body
  }
}

function useByAny(uses: readonly BodyUse[]): BodyUse {
  return {
    digests: [...new Set(uses.flatMap(({ digests }) => digests))],
    async isWanted() {
      for (const use of uses) if (await use.isWanted()) return true
      return false
    },
  }
}
