import type { IncomingMessage } from 'node:http'
import type { Refused } from '../verify/verify.ts'
import { type RefusalAnswer, refusalAnswer } from './refusal.ts'

/**
 * {@link refusalAnswer} for a call of `node:http`, whose body may not have been read to its end. No other request can
 * follow on such a connection, so it is closed after the answer; what still comes is read and dropped, or the client
 * would not see the answer.
 */
export function nodeRefusalAnswer(refused: Refused, schemeName: string, request: IncomingMessage): RefusalAnswer {
  const answer = refusalAnswer(refused, schemeName)
  if (request.complete) return answer
  request.resume()
  // HTTP/2 ends the stream alone, and has no such header.
  return request.httpVersionMajor >= 2 ? answer : { ...answer, headers: { ...answer.headers, connection: 'close' } }
}
