import type { IncomingMessage } from 'node:http'
import { BodyEatenError } from './body-eaten.ts'

/** What parsers leave of a body. */
export interface ParsedBody {
  /** By `verify` of Express's parsers, koa-bodyparser, Nest's `rawBody: true`, cloud functions. */
  readonly rawBody?: Uint8Array | string | undefined
  /** Bytes by `express.raw()`, a text by `express.text()`. */
  readonly body?: unknown
}

/**
 * The bytes of a body that a parser has read, as they were sent; `undefined` where it kept none.
 *
 * @throws BodyEatenError where what it kept can't be what was sent
 */
export function keptByParser(request: IncomingMessage, { rawBody, body }: ParsedBody): Uint8Array | undefined {
  const found = rawBody ?? (body instanceof Uint8Array || typeof body === 'string' ? body : undefined)
  if (found === undefined) return undefined
  const bytes = typeof found === 'string' ? Buffer.from(found) : found
  const { headers } = request
  const sent = headers['content-length']
  const isWhole = sent !== undefined && Number(sent) === bytes.length
  if (isWhole && typeof found !== 'string') return bytes
  if (isCoded(headers['content-encoding']) && !isWhole)
    throw new BodyEatenError(
      `A parser has decoded the body (content-encoding: ${headers['content-encoding']}), and its signature is over the bytes as they were sent: put the signature check in front of the parser.`,
    )
  if (typeof found !== 'string') return bytes
  if (!isUtf8(headers['content-type']))
    throw new BodyEatenError(
      `A parser has made the body text from another encoding than UTF-8 (content-type: ${headers['content-type']}), and its bytes are signed: put the signature check in front of the parser.`,
    )
  // A rawBody is what came. A text of another parser may differ from it, which only a content-length would show.
  if (isWhole || (sent === undefined && rawBody !== undefined)) return bytes
  throw new BodyEatenError(
    `A parser has made the body a text of ${bytes.length} bytes where ${sent ?? 'an unknown number of'} bytes were sent, and its bytes are signed: put the signature check in front of the parser, or use express.raw().`,
  )
}

function isCoded(coding: string | undefined): boolean {
  return coding !== undefined && coding.trim() !== '' && coding.trim().toLowerCase() !== 'identity'
}

function isUtf8(type = ''): boolean {
  const [, charset] = /;[ \t]*charset[ \t]*=[ \t]*"?([^";\s]*)/i.exec(type) ?? []
  return charset === undefined || /^(?:utf-?8|us-ascii)$/i.test(charset)
}

/** Whether a program that made the request has put a body beside its stream, as wrappers of cloud platforms do. */
export function hasBodyBeside({ rawBody, body }: ParsedBody): boolean {
  return [rawBody, body].some(given =>
    typeof given === 'string' || given instanceof Uint8Array
      ? given.length > 0
      : typeof given === 'object' && given !== null && Object.keys(given).length > 0,
  )
}
