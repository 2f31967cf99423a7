import {
  type BodyReader,
  type BodyUse,
  carriesOf,
  type Failure,
  type IncomingRequest,
  type Refused,
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
    const presented = (): readonly Verifier[] => verifiers.filter(verifier => verifier.presents(request))
    const options = asked.deferBody === true && presented().length > 1 ? { ...asked, deferBody: false } : asked
    const passedOver = new Map<Verifier, Verification>()
    for (const verifier of verifiers) {
      const { scheme } = verifier
      const result = await verifyBy(verifier, request, options)
      if (result.ok) {
        for (const other of presented()) {
          if (other === verifier) continue
          const known = passedOver.get(other) ?? (await verifyBy(other, request))
          if (!known.ok && !isHarmless(known, hasOwnPlaces(other.scheme, scheme))) return { result: known, scheme: other.scheme.name }
        }
        return { result, scheme: scheme.name }
      }
      if (!isForAnother(result.failure)) return { result, scheme: scheme.name }
      passedOver.set(verifier, result)
    }
    return { result: passedOver.get(first) as Verification, scheme: first.scheme.name }
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

/** What keeps a call from being remembered by a verifier that could take it. */
const NOT_REMEMBERED: readonly Failure['code'][] = ['replay-guard-unavailable', 'replay-guard-full', 'key-source-unavailable']

/**
 * Whether another scheme's refusal leaves a call that was taken as it is: nothing that it refused can be sent alone.
 *
 * @param isItsOwn what it refused is in places of its own; else it may just have misread what the other scheme reads
 */
function isHarmless({ holds, failure }: Refused, isItsOwn: boolean): boolean {
  if (holds !== undefined) return !holds
  return !isItsOwn && !NOT_REMEMBERED.includes(failure.code)
}

/** Whether each call of a scheme has something in a place that the other scheme does not read. */
function hasOwnPlaces(scheme: Scheme, other: Scheme): boolean {
  const read = new Set(carriesOf(other).map(({ in: place, name }) => `${place} ${name}`))
  return carriesOf(scheme).some(({ in: place, name, required }) => required && !read.has(`${place} ${name}`))
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
