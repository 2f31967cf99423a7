import type { AnswerHeaders, Refused } from '../verify/verify.ts'
import { type RefusalAnswer, refusalAnswer } from './refusal.ts'

export function problemResponse(refused: Refused, schemeName: string, target?: string): Response {
  return toResponse(refusalAnswer(refused, schemeName, target))
}

export function toResponse({ status, headers, body }: RefusalAnswer): Response {
  return new Response(body, { status, headers })
}

/** An answer with more headers; those of an answer from elsewhere can't be set, so it is copied. */
export function withHeaders(response: Response, more: AnswerHeaders | undefined): Response {
  if (more === undefined) return response
  const headers = new Headers(response.headers)
  for (const name in more) headers.set(name, more[name] ?? '')
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
}
