import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refused } from '../verify/verify.ts'
import { dropRest } from './drop-rest.ts'
import { FAILED, type RefusalAnswer, refusalAnswer } from './refusal.ts'

/** {@link refusalAnswer} for a call of `node:http`, whose body may not have been read to its end. */
export function nodeRefusalAnswer(refused: Refused, schemeName: string, request: IncomingMessage, target?: string): RefusalAnswer {
  return closing(refusalAnswer(refused, schemeName, target), request)
}

/** Whether somebody else has answered by now, such as a timeout. */
export function isAnswered(response: ServerResponse): boolean {
  return response.headersSent || response.writableEnded
}

/** Sends an answer, unless somebody else did. */
export function sendAnswer(response: ServerResponse, { status, headers, body }: RefusalAnswer): void {
  if (isAnswered(response)) return
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  // Not in one chain: wrappers put a `writeHead` of their own here that returns nothing.
  response.end(body)
}

/** Answers where the server failed: 500, or the end of an answer that was begun, which a client can see. */
export function sendFailed(request: IncomingMessage, response: ServerResponse): void {
  if (!isAnswered(response)) sendAnswer(response, closing(FAILED, request))
  else if (!response.writableEnded) response.destroy()
}

/** Headers of an answer that is another's to send. */
export function setHeaders(response: ServerResponse, headers: { readonly [name: string]: string } | undefined): void {
  for (const name in headers) response.setHeader(name, headers[name] ?? '')
}

function closing(answer: RefusalAnswer, request: IncomingMessage): RefusalAnswer {
  return dropRest(request) ? { ...answer, headers: { ...answer.headers, connection: 'close' } } : answer
}
