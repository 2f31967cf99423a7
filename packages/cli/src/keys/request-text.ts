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

/**
 * One request, by Node's own client, which starts in a fraction of the time that `fetch` takes. Redirects are not
 * followed.
 *
 * @throws NoAnswerError
 */
export async function requestText(url: URL, { method, headers, body }: JsonRequest): Promise<TextAnswer> {
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => reject(new NoAnswerError(error))
    const sent = request(url, { method, headers, signal: AbortSignal.timeout(TIMEOUT_MS) }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => {
        text += piece
      })
      response.on('error', fail)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', fail)
    sent.end(body)
  })
}
