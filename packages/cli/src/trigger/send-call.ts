import { answered } from '../process/no-answer.ts'
import type { SampleCall } from './make-call.ts'

export interface Answer {
  readonly status: number
  readonly statusText: string
  readonly isOk: boolean
  /** Its first bytes. */
  readonly body: Uint8Array
  readonly isCut: boolean
}

/** Of an answer's body, in bytes. */
const MAX_ANSWER_BYTES = 4_096

/**
 * Sends a call that is signed. A redirection is an answer: what was signed is for this URL.
 *
 * @throws NoAnswerError
 */
export async function sendCall({ method, url, headers, body }: SampleCall, timeoutMs: number): Promise<Answer> {
  const response = await answered(
    fetch(url, {
      method,
      headers,
      body: body === undefined ? null : Uint8Array.from(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    }),
  )
  const { status, statusText, ok } = response
  return { status, statusText, isOk: ok, ...(await answered(readStart(response))) }
}

async function readStart({ body }: Response): Promise<{ readonly body: Uint8Array; readonly isCut: boolean }> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of body ?? []) {
    pieces.push(piece)
    length += piece.length
    // Leaving the loop cancels the rest.
    if (length > MAX_ANSWER_BYTES) break
  }
  return { body: Buffer.concat(pieces).subarray(0, MAX_ANSWER_BYTES), isCut: length > MAX_ANSWER_BYTES }
}
