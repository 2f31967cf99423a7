import { tell } from '../contract/tell.ts'
import type { IncomingRequest, Refusal, Refused, Verification, VerifierOptions, VerifyOptions } from './types.ts'

/** What was seen of a request, for whoever is told of refusals. */
export interface Seen {
  body: Refusal['body']
  origin: Refusal['origin']
}

type Verify = (request: IncomingRequest, options?: VerifyOptions, seen?: Seen) => Promise<Verification>

/** Has `onRefused` told of every refusal, the late ones of {@link Verified.confirm} too. */
export function watched(verify: Verify, onRefused: NonNullable<VerifierOptions['onRefused']>): Verify {
  return async (request, options) => {
    const seen: Seen = { body: 'unread', origin: undefined }
    const told = ({ failure, cause }: Refused): void =>
      tell(onRefused, { failure, request, ...seen, ...(cause === undefined ? {} : { cause }) })
    const result = await verify(request, options, seen)
    if (!result.ok) {
      told(result)
      return result
    }
    const { confirm } = result
    if (confirm === undefined) return result
    return {
      ...result,
      async confirm() {
        const late = await confirm()
        if (late !== undefined) told(late)
        return late
      },
    }
  }
}
