import type { QredoError } from '@countersign/server'
import { type AnswerHeaders, FAILURES, type Failure, problemHeaders } from 'countersign'
import { stringify } from 'lossless-json'
import { refusalBody } from '../errors.ts'

/** What is said to a call that is not let in. */
export interface Refusal {
  readonly status: number
  readonly body: QredoError
  readonly headers: AnswerHeaders
}

/** A verifier's refusal in the API's own shape. */
export function refusalOf(failure: Failure, schemeName: string, headers: AnswerHeaders = {}): Refusal {
  return {
    status: FAILURES[failure.code].status,
    body: refusalBody(failure),
    headers: { ...problemHeaders(failure, schemeName), ...headers, 'content-type': 'application/json' },
  }
}

export function errorAnswer({ status, body, headers }: Pick<Refusal, 'status' | 'body'> & Partial<Refusal>): Response {
  return jsonAnswer(status, body, headers)
}

/** Integers of any size stay integers, digit for digit. */
export function jsonAnswer(status: number, value: unknown, headers: AnswerHeaders = {}): Response {
  return new Response(stringify(value), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  })
}
