import type { IncomingMessage } from 'node:http'

/**
 * The bytes of the body that a request announces: 0 without one, `undefined` where only its end will tell: in chunks,
 * or over HTTP/2, where a body needs neither header. Reads `rawHeaders`: `headers` is built on first use, which costs
 * more than this loop.
 */
export function announcedLength({
  rawHeaders,
  httpVersionMajor,
}: Pick<IncomingMessage, 'rawHeaders' | 'httpVersionMajor'>): number | undefined {
  let length = httpVersionMajor >= 2 ? undefined : 0
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    if (name.length === 14 && name.toLowerCase() === 'content-length') length = Number(rawHeaders[at + 1])
    else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') return undefined
  }
  return length
}
