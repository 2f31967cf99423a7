import { type IncomingMessage, request as requestHttp, type ServerResponse } from 'node:http'
import { request as requestHttps } from 'node:https'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { noAnswerReason } from '../process/reasons.ts'
import { answerProblem } from './answer.ts'
import { answerHeaders, requestHeaders } from './forwarded-headers.ts'

export interface ForwardTarget {
  readonly url: URL
  /** The path that was called is signed, or the URL has none: it is called there as well. */
  readonly keepsPath: boolean
  /** The host that was called is signed, so the target is told that one. */
  readonly keepsHost: boolean
  /** Without a sign of the target, in milliseconds. */
  readonly timeoutMs: number
}

export interface Forwarded {
  readonly status: number
  /** The first bytes of the target's answer. */
  readonly answer: Uint8Array
  /** Why the target gave none, or not all of it. */
  readonly problem: string | undefined
}

/** The start of an answer that is kept to be shown, in bytes. */
export const SHOWN_BYTES = 16_384

/**
 * Sends a call to the target, byte for byte, and its answer back as it comes. A target that gives none is a 502, one
 * that takes too long a 504; an answer that ends early is broken off for the caller too.
 */
export async function forward(
  request: IncomingMessage,
  body: Uint8Array | undefined,
  response: ServerResponse,
  target: ForwardTarget,
): Promise<Forwarded> {
  const { url, keepsHost, timeoutMs } = target
  const pieces: Uint8Array[] = []
  let kept = 0
  const keep = new Transform({
    transform(piece: Uint8Array, _encoding, done) {
      if (kept < SHOWN_BYTES) {
        pieces.push(piece.subarray(0, SHOWN_BYTES - kept))
        kept += piece.length
      }
      done(null, piece)
    },
  })
  const outgoing = (url.protocol === 'https:' ? requestHttps : requestHttp)({
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    method: request.method,
    path: pathAt(target, request.url ?? '/'),
    headers: requestHeaders(request.rawHeaders, { host: keepsHost ? undefined : url.host, body }),
    // A connection that is kept may be closed by the target just now, and a call is sent once only.
    agent: false,
    timeout: timeoutMs,
  })
  const stop = (): void => void outgoing.destroy(new Error('the caller left'))
  let isLate = false
  outgoing.on('timeout', () => {
    isLate = true
    outgoing.destroy(new Error('too late'))
  })
  response.once('close', stop)
  try {
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.on('response', resolve).on('error', reject)
      // A target that changes the protocol was not asked to.
      outgoing.on('upgrade', (_response, socket) => {
        socket.destroy()
        reject(new Error('it changes the protocol'))
      })
      outgoing.end(body)
    })
    const status = incoming.statusCode ?? 502
    response.sendDate = false
    response.writeHead(status, reasonOf(incoming), answerHeaders(incoming.rawHeaders))
    await pipeline(incoming, keep, response)
    return { status, answer: Buffer.concat(pieces), problem: undefined }
  } catch (error) {
    const reason = isLate ? `no sign within ${timeoutMs / 1000} s` : response.headersSent ? 'it was broken off' : noAnswerReason(error)
    const problem = `${url.host} gave no whole answer: ${reason}`
    const status = isLate ? 504 : 502
    answerProblem(response, {
      code: 'forward-failed',
      status,
      title: status === 504 ? 'Gateway timeout' : 'Bad gateway',
      detail: isLate
        ? 'What the call is forwarded to gave no answer in time.'
        : 'What the call is forwarded to gave no whole answer: is it running?',
    })
    return { status, answer: Buffer.concat(pieces), problem }
  } finally {
    response.off('close', stop)
    outgoing.on('error', () => undefined)
    outgoing.destroy()
  }
}

/** The target's reason phrase, unless it has what none may have (RFC 9112 §4). */
function reasonOf({ statusMessage = '' }: IncomingMessage): string {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(statusMessage) ? statusMessage : ''
}

/** Path and query to call. */
function pathAt({ url, keepsPath }: ForwardTarget, target: string): string {
  if (keepsPath) return target
  const query = target.indexOf('?')
  return url.pathname + (url.search === '' && query >= 0 ? target.slice(query) : url.search)
}
