import type { IncomingMessage } from 'node:http'
import { concatBytes } from '../wire/encoding.ts'
import { announcedLength } from './announced-length.ts'
import { BodyEatenError } from './body-eaten.ts'
import { hasBodyBeside, keptByParser, type ParsedBody } from './parsed-body.ts'

/** What to do about a body that was eaten. */
export const KEEP_BODY_ADVICE =
  'Put the signature check in front of the parser, or let the parser keep the raw bytes as request.rawBody (Express: express.json({ verify: (request, _, raw) => { request.rawBody = raw } }); Nest: NestFactory.create(app, { rawBody: true }); an API route of Next.js: bodyParser: false).'

/** Bodies that were read and put back, for a check behind another. */
const kept = new WeakMap<IncomingMessage, Uint8Array | undefined | 'too-large'>()

/** What ends the reading of bodies that still come in. */
const reading = new WeakMap<IncomingMessage, () => void>()

/**
 * Drops what still comes of a body, once its request is answered: a reader that nobody waits for any more would keep
 * it.
 */
export function dropBody(request: IncomingMessage): void {
  reading.get(request)?.()
  // What only looks like a request may lack it.
  request.resume?.()
}

/** The error for a body whose client left before it was whole. */
function clientGone(): Error {
  return Object.assign(new Error('The client went away before its body was read.'), { code: 'ECONNABORTED' })
}

/** Whether a parser has read the body and kept nothing of it that can be verified. */
export function isBodyEaten(request: IncomingMessage & ParsedBody, parsed: ParsedBody = request): boolean {
  if (kept.has(request) || !wasRead(request)) return false
  try {
    return keptByParser(request, parsed) === undefined
  } catch {
    return true
  }
}

/**
 * Whether a request is seen to have no body: its stream has ended, and nobody has read anything of it or put a body
 * beside it. Most requests are such, and need no reading then. `true` is certain; `false` may only mean that the end
 * has not come yet.
 */
export function isWithoutBody(request: IncomingMessage & ParsedBody, parsed: ParsedBody = request): boolean {
  return isOver(request) && request.readableLength === 0 && !wasRead(request) && !wasAborted(request) && !hasBodyBeside(parsed)
}

/**
 * Reads a body to its end or to the limit, and leaves it in the stream, so that whoever reads it later finds these very
 * bytes. The end is what the stream says, never what a header announces: over HTTP/2 and in requests that a program
 * makes (`inject`, wrappers for Lambda) a body needs no header, and may come late. Of a body that a parser has read
 * already, it takes the bytes that were kept as `rawBody`, or as `body` by `express.raw()` and `express.text()`.
 *
 * @returns `undefined` where there is none
 * @throws BodyEatenError when they were not kept
 */
export async function readBody(
  request: IncomingMessage & ParsedBody,
  maxBytes: number,
  parsed: ParsedBody = request,
): Promise<Uint8Array | undefined | 'too-large'> {
  if (kept.has(request)) return within(kept.get(request), maxBytes)
  if (wasRead(request)) return within(readByParser(request, parsed), maxBytes)
  if (request.readableEncoding !== null)
    throw new BodyEatenError('The body is read as text (setEncoding), and its bytes are signed: leave its encoding alone.')
  if (isWithoutBody(request, parsed)) return undefined
  if (!isOver(request) && (request.destroyed || wasAborted(request))) throw clientGone()
  if ((announcedLength(request) ?? 0) > maxBytes) return 'too-large'
  const body = isOver(request) && request.readableLength === 0 ? undefined : await takeAndPutBack(request, maxBytes)
  return body === undefined && hasBodyBeside(parsed) ? within(readByParser(request, parsed), maxBytes) : body
}

/** @throws BodyEatenError where a parser has kept nothing of what it read */
function readByParser(request: IncomingMessage, parsed: ParsedBody): Uint8Array | undefined {
  const bytes = keptByParser(request, parsed)
  if (bytes !== undefined || (announcedLength(request) === 0 && isOfNodesParser(request))) return bytes
  throw new BodyEatenError(`A parser has read the body and kept nothing of it, so its signature can't be checked. ${KEEP_BODY_ADVICE}`)
}

/**
 * Takes the pieces out as they come, and puts the whole back once it is there, before `end` is emitted: a stream emits
 * it only when it is read past its last byte.
 */
function takeAndPutBack(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined | 'too-large'> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = []
    let length = 0

    const take = (): void => {
      // Asks for exactly what is there: `read()` without a size would make the stream emit `end`.
      while (request.readableLength > 0 && length <= maxBytes) {
        const piece = request.read(request.readableLength) as Uint8Array
        pieces.push(piece)
        length += piece.length
      }
      if (length > maxBytes || isOver(request)) finish()
    }
    const finish = (): void => {
      if (wasAborted(request)) {
        gone()
        return
      }
      const [first, ...rest] = pieces
      const body = rest.length === 0 ? first : concatBytes(pieces)
      stop()
      if (body !== undefined && body.length > 0) request.unshift(body)
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
      pieces.length = 0
      reading.delete(request)
    }

    // It stays: an error that comes when the body has been read ends no process.
    request.on('error', (error: NodeJS.ErrnoException) => {
      stop()
      reject(error.code === 'ECONNRESET' ? clientGone() : error)
    })
    // Begins to read now: the listener would have it begin in a moment, and that emits `end` of an empty body.
    if (request.readableLength === 0) request.read(0)
    if (isOver(request)) {
      take()
      return
    }
    request.on('readable', take).on('close', gone)
    reading.set(request, stop)
    take()
  })
}

/**
 * To be called when a body was put back, before whoever reads it next: `@codegenie/serverless-express` says of a
 * request that it isn't readable any more as soon as the listener has returned, and parsers believe that.
 */
export function keepReadable(request: IncomingMessage): void {
  if (kept.has(request)) request.readable = true
}

function within(bytes: Uint8Array | undefined | 'too-large', maxBytes: number): Uint8Array | undefined | 'too-large' {
  return bytes === undefined || bytes === 'too-large' || bytes.length <= maxBytes ? bytes : 'too-large'
}

function wasRead(request: IncomingMessage): boolean {
  return request.readableDidRead || request.readableEnded || request.readableFlowing === true
}

/** Whether nothing more will come into a stream. It may hold bytes, and need not have told anybody of its end. */
function isOver(request: IncomingMessage): boolean {
  const { _readableState: state } = request as { readonly _readableState?: { readonly ended?: unknown } }
  return state?.ended === true || request.readableEnded
}

/** Over HTTP/2 a stream that was cut off ends as one that is whole does. */
function wasAborted(request: IncomingMessage): boolean {
  return request.httpVersionMajor >= 2 && request.aborted
}

/** Over HTTP/1.1, a body needs a header; but only Node's own parser knows that all of them are there. */
function isOfNodesParser({ httpVersionMajor, rawHeaders, socket }: IncomingMessage): boolean {
  const { parser } = (socket ?? {}) as { readonly parser?: { readonly socket?: unknown } | null }
  return httpVersionMajor === 1 && rawHeaders.length > 0 && parser?.socket === socket
}
