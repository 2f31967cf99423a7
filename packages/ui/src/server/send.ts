/** What the page asks to be sent. Bodies are base64, both ways. */
export interface SendRequest {
  readonly method: string
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string | null
}

/** The answer to what was sent, whatever its status. */
export interface Sent {
  readonly status: number
  readonly statusText: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
  readonly isCut: boolean
  readonly ms: number
}

/** Why nothing was sent, or not answered. `code` is stable. */
export interface SendError {
  readonly error: { readonly code: string; readonly message: string }
}

interface Answer {
  readonly status: number
  readonly answer: Sent | SendError
}

const TIMEOUT_MS = 60_000
/** More of an answer is not shown. */
const MAX_ANSWER_BYTES = 5 * 1_048_576

/**
 * Sends one request, exactly as it was signed; redirects are shown and not followed, because they would want another
 * signature.
 */
export async function sendForPage(bytes: Uint8Array, gone: AbortSignal): Promise<Answer> {
  const request = readRequest(bytes)
  if (typeof request === 'string') return refused(400, 'request-malformed', request)
  const started = performance.now()
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      redirect: 'manual',
      signal: AbortSignal.any([gone, AbortSignal.timeout(TIMEOUT_MS)]),
      ...(request.body === null ? {} : { body: Buffer.from(request.body, 'base64') }),
    })
    const { body, isCut } = await readAnswer(response)
    return {
      status: 200,
      answer: {
        status: response.status,
        statusText: response.statusText,
        headers: [...response.headers],
        body: body.toString('base64'),
        isCut,
        ms: Math.round(performance.now() - started),
      },
    }
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') return refused(504, 'timeout', 'There was no answer within a minute.')
    return refused(502, 'network', `There was no answer: ${reasonOf(error)}.`)
  }
}

async function readAnswer(response: Response): Promise<{ body: Buffer; isCut: boolean }> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of response.body ?? []) {
    pieces.push(piece)
    length += piece.length
    if (length > MAX_ANSWER_BYTES) return { body: Buffer.concat(pieces).subarray(0, MAX_ANSWER_BYTES), isCut: true }
  }
  return { body: Buffer.concat(pieces), isCut: false }
}

/** The request, or what is wrong with it. */
function readRequest(bytes: Uint8Array): SendRequest | string {
  let value: Partial<SendRequest> | null
  try {
    value = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return 'The request is not JSON.'
  }
  const { method, url, headers = {}, body = null } = value ?? {}
  if (typeof method !== 'string' || !/^[A-Z]{1,20}$/.test(method)) return 'Not a valid HTTP method.'
  if (typeof url !== 'string' || !/^https?:\/\/[^/?#\s]/i.test(url)) return 'The URL is not absolute, or neither http nor https.'
  if (typeof headers !== 'object' || headers === null || Object.values(headers).some(header => typeof header !== 'string'))
    return 'The headers are not an object of strings.'
  if (body !== null && typeof body !== 'string') return 'The body is not base64.'
  return { method, url, headers, body }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  if (!(cause instanceof Error)) return String(cause)
  return cause.message || ('code' in cause ? String(cause.code) : cause.name)
}

function refused(status: number, code: string, message: string): Answer {
  return { status, answer: { error: { code, message } } }
}
