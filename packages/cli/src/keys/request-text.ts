import type { IncomingHttpHeaders } from 'node:http'
import { NoAnswerError } from '../process/no-answer.ts'

const TIMEOUT_MS = 30_000

export interface JsonRequest {
  readonly method: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string | undefined
}

export interface TextAnswer {
  readonly status: number
  readonly text: string
}

/** An answer whose body is yet to come. */
export interface BegunAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Throws a NoAnswerError where the body is cut off. */
  readonly pieces: AsyncIterable<string>
  /** Closes the connection of an answer that is not read: the process would wait for it. */
  drop(): void
}

/**
 * One request, by Node's own client, which starts in a fraction of the time that `fetch` takes. Redirects are not
 * followed.
 *
 * @throws NoAnswerError
 */
export async function requestText(url: URL, sent: JsonRequest): Promise<TextAnswer> {
  const { status, pieces } = await begin(url, sent, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  return { status, text: await textOf(pieces) }
}

/**
 * The same for an answer of any length: only a silence of 30 seconds ends it.
 *
 * @throws NoAnswerError
 */
export function requestPieces(url: URL, sent: JsonRequest): Promise<BegunAnswer> {
  return begin(url, sent, { timeout: TIMEOUT_MS })
}

export async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += piece
  return text
}

async function begin(
  url: URL,
  { method, headers, body }: JsonRequest,
  ends: { readonly signal: AbortSignal } | { readonly timeout: number },
): Promise<BegunAnswer> {
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, ...ends }, response => {
      response.setEncoding('utf8')
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        pieces: piecesOf(response),
        drop: () => response.destroy(),
      })
    })
    sent.on('timeout', () => sent.destroy(new DOMException('No data came for too long.', 'TimeoutError')))
    sent.on('error', error => reject(new NoAnswerError(error)))
    sent.end(body)
  })
}

async function* piecesOf(response: AsyncIterable<string>): AsyncGenerator<string> {
  try {
    yield* response
  } catch (error) {
    throw new NoAnswerError(error)
  }
}
