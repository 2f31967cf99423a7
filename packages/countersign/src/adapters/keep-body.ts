import type { IncomingMessage } from 'node:http'
import { concatBytes } from '../encoding.ts'
import { announcedLength } from './announced-length.ts'
import { BodyEatenError } from './body-eaten.ts'

/** What some parsers keep of a body: `verify` of Express's parsers, koa-bodyparser, cloud functions. */
interface WithRawBody {
  readonly rawBody?: Uint8Array | string | undefined
}

/** What to do about a body that was eaten. */
export const KEEP_BODY_ADVICE =
  'Put the signature check in front of the parser, or let the parser keep the raw bytes as request.rawBody (Express: express.json({ verify: (request, _, raw) => { request.rawBody = raw } })).'

/** Whether a parser has read the body and kept nothing of it. */
export function isBodyEaten(request: IncomingMessage & WithRawBody): boolean {
  return request.rawBody === undefined && (request.readableDidRead || request.readableEnded)
}

/**
 * Reads a body and leaves it in the stream, so that whatever parser comes later finds it untouched. Of a body that a parser has read already, it takes the raw
 * bytes that were kept as `rawBody`.
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
  if (isBodyEaten(request))
    return Promise.reject(
      new BodyEatenError(`A parser has read the body and kept nothing of it, so its signature can't be checked. ${KEEP_BODY_ADVICE}`),
    )
  return peek(request, maxBytes)
}

/** Listens to what the parser of HTTP puts into the stream, and takes nothing out of it. */
function peek(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | 'too-large'> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = []
    let length = 0
    const { push } = request
    // What waits in the stream must not stop the rest from coming in; beyond the limit it does.
    const state = (request as unknown as { readonly _readableState: { highWaterMark: number } })._readableState
    const { highWaterMark } = state
    state.highWaterMark = Math.max(highWaterMark, maxBytes + 1)

    const end = (): void => {
      request.push = push
      state.highWaterMark = highWaterMark
      request.off('close', gone)
    }
    const gone = (): void => {
      end()
      reject(new Error('The client went away before its body was read.'))
    }
    const add = (piece: Uint8Array): boolean => {
      length += piece.length
      if (length > maxBytes) {
        end()
        resolve('too-large')
        return false
      }
      pieces.push(piece)
      return true
    }
    const done = (): void => {
      end()
      resolve(pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : concatBytes(pieces))
    }

    // What came before we listened.
    const waiting = request.readableLength === 0 ? null : (request.read() as Uint8Array | null)
    if (waiting !== null) {
      request.unshift(waiting)
      if (!add(waiting)) return
    }
    if (request.complete) {
      done()
      return
    }
    request.on('close', gone)
    request.push = (piece: Uint8Array | null, encoding?: BufferEncoding): boolean => {
      const isTaken = push.call(request, piece, encoding)
      if (piece === null) done()
      else add(piece)
      return isTaken
    }
  })
}
