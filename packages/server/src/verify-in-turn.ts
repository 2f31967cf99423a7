import type { Failure, IncomingRequest, Verification, Verifier, VerifyOptions } from 'countersign'
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
 * @throws ServerError `route-invalid` without any verifier
 */
export function verifyInTurn(
  verifiers: readonly Verifier[],
): (request: IncomingRequest, options?: VerifyOptions) => Promise<VerifiedInTurn> {
  const [first] = verifiers
  if (first === undefined) throw new ServerError('route-invalid', 400, 'A route has at least one scheme.')
  return async (request, options) => {
    let answer: VerifiedInTurn | undefined
    for (const verifier of verifiers) {
      const result = await verifier.verify(request, options)
      if (result.ok || !isForAnother(result.failure)) return { result, scheme: verifier.scheme.name }
      answer ??= { result, scheme: verifier.scheme.name }
    }
    return answer as VerifiedInTurn
  }
}

/** A scheme that does not sign the whole request takes some calls only: the others may be signed by another scheme. */
const FOR_ANOTHER: readonly Failure['code'][] = ['missing-header', 'method-not-allowed', 'part-not-taken']

function isForAnother({ code }: Failure): boolean {
  return FOR_ANOTHER.includes(code)
}
