import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { boundPipelining, takesHeadersOff } from '@countersign/server/proxying'
import type { Failure, IncomingRequest } from 'countersign'
import type { Explanation } from 'countersign/explain'
import { fromNodeRequest, readBody, sendProblem } from 'countersign/node'
import { answerProblem, answerVerified, type OwnProblem } from './answer.ts'
import type { Check, Checked } from './check.ts'
import { type EventFacts, readEvent } from './event.ts'
import type { ExplainRefused } from './explain-refused.ts'
import { type Forwarded, type ForwardTarget, forward } from './forward.ts'
import type { Redact } from './redact.ts'
import { createSeenEvents } from './seen-events.ts'

/** What came of one request. */
export interface Entry {
  readonly at: Date
  readonly method: string
  readonly target: string
  readonly event: EventFacts
  readonly keyId: string | undefined
  /** `call`: the very call came before. `event`: its event did, signed anew. */
  readonly repeats: 'call' | 'event' | undefined
  readonly failure: Failure | undefined
  /** Why the listener refused it without a look at the signature. */
  readonly problem: OwnProblem | undefined
  readonly explanation: Explanation | 'busy' | undefined
  readonly forwarded: Forwarded | undefined
  readonly status: number
  readonly ms: number
  readonly body: Uint8Array | undefined
}

export interface ListenerOptions {
  readonly schemeName: string
  readonly check: Check
  readonly explainRefused: ExplainRefused
  readonly target: ForwardTarget | undefined
  readonly forwardsUnverified: boolean
  readonly maxBodyBytes: number
  readonly redact: Redact
  readonly onEntry: (entry: Entry) => void
  readonly onError: (error: unknown) => void
}

/** Requests that are worked on at once, each with its body: more are answered with 503. */
const MAX_AT_ONCE = 32

/** Verifies what comes in, forwards what is verified, and tells of every request what came of it. Never throws. */
export function createListener(options: ListenerOptions): RequestListener {
  const { check, explainRefused, target, forwardsUnverified, maxBodyBytes, schemeName, redact, onEntry, onError } = options
  const cameBefore = createSeenEvents()
  let running = 0

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const begun = begin(request)
    const call = fromNodeRequest(request)
    if (takesHeadersOff(request.rawHeaders)) return refuse(response, begun, CONNECTION_HEADER)
    const checked = await check(call)
    const { result, refusal } = checked
    const body = result.ok ? result.body : forwardsUnverified ? await readAnyway(call, request) : bodyOf(refusal)
    if (body === 'too-large') return refuse(response, begun, tooLarge(maxBodyBytes))
    const event = readEvent(request.headers, body, redact)
    let forwarded: Forwarded | undefined
    if (target !== undefined && (result.ok || forwardsUnverified)) forwarded = await forward(request, body, response, target)
    else if (result.ok) answerVerified(response)
    else sendProblem(response, result, schemeName)
    const ms = begun.ms()
    onEntry({
      ...begun.facts,
      event,
      keyId: result.ok ? result.key.id : undefined,
      repeats: repeatsOf(checked, event),
      failure: result.ok ? undefined : result.failure,
      problem: undefined,
      explanation: refusal === undefined ? undefined : await explainRefused(refusal),
      forwarded,
      status: forwarded?.status ?? response.statusCode,
      ms,
      body,
    })
  }

  function repeatsOf({ result, isRepeat }: Checked, { id }: EventFacts): Entry['repeats'] {
    const isKnown = result.ok && id !== undefined && cameBefore(id)
    return isRepeat ? 'call' : isKnown ? 'event' : undefined
  }

  /** For the verifier reads no body of a call that it refuses by its head. */
  async function readAnyway({ body }: IncomingRequest, request: IncomingMessage): Promise<Uint8Array | undefined | 'too-large'> {
    return typeof body === 'function' ? await readBody(request, maxBodyBytes).catch(() => 'too-large' as const) : body
  }

  /** Answers with what is wrong beside the signature, and tells of it. */
  function refuse(response: ServerResponse, { facts, ms }: Begun, problem: OwnProblem): void {
    answerProblem(response, problem)
    onEntry({ ...NOTHING_KNOWN, ...facts, problem, status: problem.status, ms: ms() })
  }

  return boundPipelining((request, response) => {
    if (running >= MAX_AT_ONCE) {
      refuse(response, begin(request), BUSY)
      return
    }
    running++
    handle(request, response)
      .catch((error: unknown) => {
        onError(error)
        answerProblem(response, FAILED)
      })
      .finally(() => {
        running--
      })
  })
}

function bodyOf(refusal: Checked['refusal']): Uint8Array | undefined {
  return refusal?.body instanceof Uint8Array ? refusal.body : undefined
}

interface Begun {
  readonly facts: Pick<Entry, 'at' | 'method' | 'target'>
  /** Since then. */
  readonly ms: () => number
}

function begin({ method = '', url = '' }: IncomingMessage): Begun {
  const start = performance.now()
  return { facts: { at: new Date(), method, target: url }, ms: () => performance.now() - start }
}

/** An entry of a request that was not looked at. */
const NOTHING_KNOWN = {
  event: { id: undefined, name: undefined },
  keyId: undefined,
  repeats: undefined,
  failure: undefined,
  explanation: undefined,
  forwarded: undefined,
  body: undefined,
}

function tooLarge(maxBodyBytes: number): OwnProblem {
  return { code: 'body-too-large', status: 413, title: 'Body too large', detail: `The body is larger than ${maxBodyBytes} bytes.` }
}

const BUSY = {
  code: 'too-many-requests',
  status: 503,
  title: 'Busy',
  detail: `${MAX_AT_ONCE} requests are worked on at the moment: send it again shortly.`,
}
const CONNECTION_HEADER = {
  code: 'connection-header',
  status: 400,
  title: 'Connection header',
  detail: 'Connection names a header that would be taken off on the way: send it without.',
}
const FAILED = { code: 'internal-error', status: 500, title: 'Internal error', detail: 'The listener failed: its terminal says why.' }
