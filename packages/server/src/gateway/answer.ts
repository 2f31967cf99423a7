import type { ServerResponse } from 'node:http'
import { type AnswerHeaders, explainFailure, headersOfProblem, problemHeaders, problemOf, type Refused, toProblem } from 'countersign'
import { dropRest } from 'countersign/node'
import { secretIdOf } from '../keys/open-key.ts'
import type { OpenEntry } from './access-entry.ts'
import { answerHeaders } from './headers/answer-headers.ts'
import { GATEWAY_PROBLEMS, type GatewayProblem } from './problem.ts'

/** The status of a client that left before it was sent one, as nginx logs it. */
const CLIENT_GONE = 499
/** How long a client may keep the public keys before it asks again, in seconds. */
export const JWKS_MAX_AGE_S = 300

/**
 * The answer to one request, a WebSocket's or any other. Whoever it comes from, its headers are made in one place, and
 * its log entry has the status that was sent.
 */
export interface Answer {
  /** The log's id of the request, which the upstream is sent as well. */
  readonly requestId: string
  /** Says these with whatever the answer will be: that the route is deprecated, say. */
  announce(headers: AnswerHeaders | undefined): void
  /** Sends the head of the upstream's answer: names and values in turn, as they came. */
  begin(status: number, text: string | undefined, raw: readonly (string | Buffer)[]): void
  /** The upstream's answer is over, or has become a WebSocket. */
  passed(status: number): void
  refuse(refused: Refused, scheme: string): void
  /** @param detail for the log only: what a client must not learn */
  fail(problem: GatewayProblem, detail?: string): void
  /** Answers with the gateway's public keys. */
  publish(jwks: string): void
  /** The client has left. */
  abandon(): void
}

/** @param isLast whether the connection takes no other request after this one */
export function createAnswer(response: ServerResponse, entry: OpenEntry, isLast: () => boolean): Answer {
  const { requestId } = entry
  let announced: AnswerHeaders | undefined
  /**
   * Close after every body that is too large, for known and unknown keys alike: whether the rest is read would tell
   * them apart.
   */
  let isCutOff = false

  function begin(status: number, text: string | undefined, raw: readonly (string | Buffer)[]): void {
    // A body that was not read to its end can't be followed by another request on the same connection.
    const connection = status === 101 ? 'upgrade' : isLast() || isCutOff || !response.req.complete ? 'close' : undefined
    // As one list, and with nothing set before: so Node leaves headers that come twice (Set-Cookie) as they are.
    const headers = answerHeaders(raw, { requestId, announced, connection })
    if (text === undefined) response.writeHead(status, headers)
    else response.writeHead(status, text, headers)
  }

  /** RFC 9457; an answer that has begun already is cut off. */
  function sendProblem(problem: { readonly status: number }, headers: AnswerHeaders): void {
    if (response.headersSent) {
      response.destroy()
      return
    }
    send(problem.status, headers, JSON.stringify(problem))
  }

  /** Sends an answer of the gateway's own. */
  function send(status: number, headers: AnswerHeaders, text: string): void {
    begin(status, undefined, Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(text)) }).flat())
    response.end(text)
    dropRest(response.req)
  }

  return {
    requestId,
    announce(headers) {
      announced = headers
    },
    begin,
    passed: status => entry.finish('passed', status),
    refuse(refused, scheme) {
      const { failure } = refused
      isCutOff = failure.code === 'body-too-large'
      sendProblem(toProblem(failure), problemHeaders(failure, scheme))
      if (failure.code === 'unknown-key' || failure.code === 'bad-signature') entry.claimed(failure.keyId, scheme)
      else if ('keyId' in failure) entry.verified(failure.keyId, scheme, secretIdOf(refused))
      entry.finish('refused', response.statusCode, failure.code, explainFailure(failure))
    },
    fail(code, detail) {
      const problem = problemOf(code, GATEWAY_PROBLEMS[code])
      sendProblem(problem, headersOfProblem(problem.status))
      entry.finish('failed', response.statusCode, code, detail)
    },
    publish(jwks) {
      send(200, { 'content-type': 'application/jwk-set+json', 'cache-control': `public, max-age=${JWKS_MAX_AGE_S}` }, jwks)
      entry.finish('passed', 200)
    },
    abandon: () => entry.finish('failed', response.headersSent ? response.statusCode : CLIENT_GONE, 'client-gone'),
  }
}
