import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { refuseUnknown } from '../contract/refuse-unknown.ts'
import { BodyEatenError } from './body-eaten.ts'
import type { ParsedBody } from './parsed-body.ts'
import { isBodyEaten, KEEP_BODY_ADVICE } from './read-body.ts'

const HEADER = 'x-countersign-probe'

/** The probes that are under way in this process; nobody else can know their names. */
const running = new Map<string, (isEaten: boolean) => void>()

/** Answers a probe, which only asks in which state bodies come to the signature check. @returns whether it was one */
export function answerProbe(request: IncomingMessage & ParsedBody, response: ServerResponse, parsed: ParsedBody = request): boolean {
  if (running.size === 0) return false
  const told = running.get(String(request.headers[HEADER]))
  if (told === undefined) return false
  told(isBodyEaten(request, parsed))
  response.writeHead(204, { connection: 'close' }).end()
  request.resume()
  return true
}

export interface BodyProbeOptions {
  /** A path that is behind the signature check, such as `/orders`. */
  readonly path: string
  /** Default: `POST`. */
  readonly method?: string | undefined
  /** What the path takes. Default: `application/json`. */
  readonly contentType?: string | undefined
}

/**
 * To be called when a server starts: sends a request with a body through its middleware, and says whether a parser eats
 * the body before the signature check sees it. The request never reaches a handler.
 *
 * ```ts
 * await checkBodyKept(app, { path: '/orders' }) // Express; app.callback() of Koa, a listener of node:http
 * ```
 *
 * @throws BodyEatenError `body-eaten` when a parser has read the body and kept nothing of it
 * @throws TypeError when the request does not come to a signature check of this library at all
 */
export async function checkBodyKept(listener: RequestListener, options: BodyProbeOptions): Promise<void> {
  refuseUnknown(options, ['path', 'method', 'contentType'] satisfies (keyof BodyProbeOptions)[], 'checkBodyKept:')
  const { path, method = 'POST', contentType = 'application/json' } = options
  const name = crypto.randomUUID()
  let isEaten: boolean | undefined
  running.set(name, told => {
    isEaten = told
  })
  const server = createServer(listener)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    const { port } = server.address() as AddressInfo
    const body = contentType.includes('json') ? '{"probe":true}' : 'probe=true'
    const headers = { [HEADER]: name, 'content-type': contentType, connection: 'close' }
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, body, redirect: 'manual' })
    await response.body?.cancel()
    if (isEaten === undefined)
      throw new TypeError(
        `${method} ${path} does not come to a signature check of countersign (it was answered with ${response.status}): give a path behind one.`,
      )
    if (isEaten)
      throw new BodyEatenError(
        `A parser reads the body of ${method} ${path} before its signature is checked, and keeps nothing of it: every signed call with a body would fail. ${KEEP_BODY_ADVICE}`,
      )
  } finally {
    running.delete(name)
    server.closeAllConnections()
    server.close()
  }
}
