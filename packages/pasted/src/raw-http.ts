import { PastedError, type PastedRequest, readHeaderLines } from './pasted-request.ts'

/**
 * A request as it stood on the wire or in a log: request line, headers, an empty line, the body. Where the request line
 * has a path only, the origin is `https://` and the Host header, unless it is given.
 *
 * @throws PastedError `request-malformed`, `header-malformed`
 */
export function readRawHttp(bytes: Uint8Array, origin?: string): PastedRequest {
  const [head, body] = splitHead(bytes)
  const [first = '', ...lines] = head.split(/\r?\n/)
  const [, method, target] = /^([A-Za-z]+) (\S+)(?: HTTP\/\d(?:\.\d)?)?$/.exec(first.trim()) ?? []
  if (method === undefined || target === undefined)
    throw new PastedError(
      'request-malformed',
      `The request must begin with a line such as "POST /path HTTP/1.1", not ${JSON.stringify(first.slice(0, 60))}.`,
    )
  const headers = readHeaderLines(lines.filter(line => line.trim() !== ''))
  const headerOf = (name: string): string | undefined => headers.find(([own]) => own === name)?.[1]
  const host = headerOf('host')
  if (!/^https?:/i.test(target) && origin === undefined && host === undefined)
    throw new PastedError('request-malformed', 'The request names no host: give --origin https://… or keep its Host header.')
  const length = Number(headerOf('content-length') ?? Number.NaN)
  // What was copied often has a line break more than what was sent.
  const whole = Number.isInteger(length) && length < body.length ? body.subarray(0, length) : body
  return {
    method,
    url: /^https?:/i.test(target) ? target : `${origin ?? `https://${host}`}${target}`,
    headers,
    body: whole.length === 0 ? undefined : whole,
  }
}

/** At the first empty line. Headers are Latin-1, whatever the body is. */
function splitHead(bytes: Uint8Array): readonly [head: string, body: Uint8Array] {
  const text = Array.from(bytes, byte => String.fromCharCode(byte)).join('')
  const match = /\r?\n\r?\n/.exec(text)
  return match === null ? [text, new Uint8Array()] : [text.slice(0, match.index), bytes.subarray(match.index + match[0].length)]
}
