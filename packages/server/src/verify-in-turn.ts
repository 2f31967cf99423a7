import type { BodyReader, Failure, IncomingRequest, Verification, Verifier, VerifyOptions } from 'countersign'
import { throwUnjudged } from 'countersign'
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
 * could take out one signature and send it by another. Its body is read, whatever `deferBody` says.
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
    const request = typeof given.body === 'function' ? { ...given, body: readOnce(given.body) } : given
    const isForOne = asked.deferBody !== true || verifiers.filter(verifier => verifier.isSigned(request)).length < 2
    const options = isForOne ? asked : { ...asked, deferBody: false }
    let answer: VerifiedInTurn | undefined
    for (const [index, verifier] of verifiers.entries()) {
      const result = await verifyBy(verifier, request, options)
      const scheme = verifier.scheme.name
      if (result.ok) return (await findRepeated(verifiers.slice(index + 1), request)) ?? { result, scheme }
      if (!isForAnother(result.failure)) return { result, scheme }
      answer ??= { result, scheme }
    }
    return answer as VerifiedInTurn
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
const NOT_REMEMBERED: readonly Failure['code'][] = ['replayed', 'replay-guard-unavailable', 'replay-guard-full', 'key-source-unavailable']

/**
 * Has the other verifiers remember a call that was taken; the answer of one that has seen it already. A signature that
 * is good only later can't be remembered yet, and could be sent alone then: such a request is refused, too.
 */
async function findRepeated(others: readonly Verifier[], request: IncomingRequest): Promise<VerifiedInTurn | undefined> {
  for (const verifier of others) {
    if (!verifier.isSigned(request)) continue
    const result = await verifyBy(verifier, request)
    if (!result.ok && (NOT_REMEMBERED.includes(result.failure.code) || isForLater(result.failure)))
      return { result, scheme: verifier.scheme.name }
  }
  return undefined
}

function isForLater(failure: Failure): boolean {
  return failure.code === 'timestamp-out-of-window' && failure.skewMs > 0
}

/** A reader that may be asked again: the body comes once. */
function readOnce(read: BodyReader): BodyReader {
  let body: ReturnType<BodyReader> | undefined
  return maxBytes => {
    body ??= read(maxBytes)
    return body
  }
}
