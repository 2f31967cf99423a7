import type { IncomingMessage } from 'node:http'
import { concatBytes } from '../wire/encoding.ts'
import { announcedLength } from './announced-length.ts'
import { BodyEatenError } from './body-eaten.ts'
import { clientGone, readBody } from './read-body.ts'

/** What some parsers keep of a body: `verify` of Express's parsers, koa-bodyparser, cloud functions. */
interface WithRawBody {
  readonly rawBody?: Uint8Array | string | undefined
}

/** What to do about a body that was eaten. */
export const KEEP_BODY_ADVICE =
  'Put the signature check in front of the parser, or let the parser keep the raw bytes as request.rawBody (Express: express.json({ verify: (request, _, raw) => { request.rawBody = raw } })).'

/** Bodies that were read and put back, for a check behind another. */
const kept = new WeakMap<IncomingMessage, Uint8Array | 'too-large'>()

/** Whether a parser has read the body and kept nothing of it. */
export function isBodyEaten(request: IncomingMessage & WithRawBody): boolean {
  return request.rawBody === undefined && !kept.has(request) && (request.readableDidRead || request.readableEnded)
}

/**
 * Reads a body and leaves it in the stream, so that whatever parser comes later finds it untouched. Of a body that a
 * parser has read already, it takes the raw bytes that were kept as `rawBody`.
 *
 * @throws BodyEatenError when they were not
 */
export function keepBody(request: IncomingMessage & WithRawBody, maxBytes: number): Promise<Uint8Array | undefined | 'too-large'> {
  const announced = announcedLength(request)
  if (announced === 0) return Promise.resolve(undefined)
  if (announced !== undefined && announced > maxBytes) return Promise.resolve('too-large')
  const { rawBody } = request
  if (rawBody !== undefined) {
    const bytes = typeof rawBody === 'string' ? Buffer.from(rawBody) : rawBody
    return Promise.resolve(bytes.length > maxBytes ? 'too-large' : bytes)
  }
  const known = kept.get(request)
  if (known !== undefined) return Promise.resolve(known === 'too-large' || known.length > maxBytes ? 'too-large' : known)
  if (isBodyEaten(request))
    return Promise.reject(
      new BodyEatenError(`A parser has read the body and kept nothing of it, so its signature can't be checked. ${KEEP_BODY_ADVICE}`),
    )
  if (request.readableEncoding !== null)
    return Promise.reject(new BodyEatenError('The body is read as text (setEncoding), and its bytes are signed: leave its encoding alone.'))
  return request.httpVersionMajor >= 2 && announced === undefined ? peekToEnd(request, maxBytes) : peek(request, announced, maxBytes)
}

/**
 * Takes the pieces out as they come, and puts the whole back once it is there. The stream has then not told anyone that
 * it ends: it does so when its last byte is taken, and by then there are more.
 */
function peek(request: IncomingMessage, announced: number | undefined, maxBytes: number): Promise<Uint8Array | 'too-large'> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = []
    let length = 0

    const take = (): void => {
      // Read by the number: who asks for more than there is asks for the end.
      while (request.readableLength > 0 && length <= maxBytes) {
        const piece = request.read(request.readableLength) as Uint8Array
        pieces.push(piece)
        length += piece.length
      }
      if (length > maxBytes || length === announced || request.complete) finish()
    }
    const finish = (): void => {
      stop()
      const [first = NOTHING, ...rest] = pieces
      const body = rest.length === 0 ? first : concatBytes(pieces)
      if (body.length > 0) request.unshift(body)
      const outcome = length > maxBytes ? 'too-large' : body
      kept.set(request, outcome)
      resolve(outcome)
    }
    const gone = (): void => {
      stop()
      reject(clientGone())
    }
    const stop = (): void => {
      request.off('readable', take)
      request.off('close', gone)
    }

    if (request.complete) {
      take()
      return
    }
    if (request.destroyed) {
      gone()
      return
    }
    // It is being read from now on; else a listener would have it read in a moment, which ends a body that is empty.
    if (request.readableLength === 0) request.read(0)
    request.on('readable', take).on('close', gone)
  })
}

/**
 * Over HTTP/2 nothing tells that a body is whole but its end, after which nothing can be put back: where there is none
 * that is well; where there is one, its client has to say its length.
 */
async function peekToEnd(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | 'too-large'> {
  const body = await readBody(request, maxBytes)
  if (body === 'too-large') return body
  if (body !== undefined && body.length > 0)
    throw new BodyEatenError(
      'Over HTTP/2 a body is kept for the parser behind the signature check only where the call says its content-length.',
    )
  return NOTHING
}

const NOTHING = new Uint8Array()
