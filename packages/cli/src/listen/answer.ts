import type { ServerResponse } from 'node:http'
import { headersOfProblem, problemOf } from 'countersign'
import { dropRest } from 'countersign/node'

/** What the listener itself has to say, beside the verifier's refusals. */
export interface OwnProblem {
  readonly code: string
  readonly status: number
  readonly title: string
  readonly detail: string
}

/** Answers with problem details (RFC 9457), unless an answer was begun: that one is broken off, which a client sees. */
export function answerProblem(response: ServerResponse, { code, status, title, detail }: OwnProblem): void {
  if (response.headersSent || response.destroyed) {
    if (!response.writableEnded) response.destroy()
    return
  }
  send(response, status, headersOfProblem(status), JSON.stringify(problemOf(code, { status, title, detail })))
}

/** Answers a verified call that is forwarded to nothing. */
export function answerVerified(response: ServerResponse): void {
  send(response, 200, { 'content-type': 'text/plain; charset=utf-8' }, 'verified\n')
}

function send(response: ServerResponse, status: number, headers: { readonly [name: string]: string }, body: string): void {
  if (response.headersSent || response.destroyed) return
  // What an answer that could not be begun left there.
  response.statusMessage = ''
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  const isCut = dropRest(response.req)
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body), ...(isCut ? { connection: 'close' } : {}) })
  response.end(body)
}
