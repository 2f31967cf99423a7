import { randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { readBody } from 'countersign/node'
import { readPage } from './page-files.ts'
import { type SendError, sendForPage } from './send.ts'

export interface UiOptions {
  /** 0 for any. */
  readonly port: number
  /** Where the built page is. */
  readonly directory?: string | undefined
}

export interface RunningUi {
  readonly origin: string
  /** With the token, in the fragment: it is never sent in a request line. */
  readonly url: string
  close(): Promise<void>
}

const PAGE = fileURLToPath(new URL('../../dist/page/', import.meta.url))
const MAX_REQUEST_BYTES = 15 * 1_048_576

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const

/**
 * Serves the page on the loopback address. What it can do for the page, to send a request, wants the token of this run,
 * and a `Host` and an `Origin` that are its own: another page in the same browser can't use it, whatever name it gives
 * this address.
 *
 * @throws Error with the code `EADDRINUSE`, when the port is taken; with `ENOENT`, when the page is not built
 */
export async function startUi({ port, directory = PAGE }: UiOptions): Promise<RunningUi> {
  const page = readPage(directory)
  const token = randomBytes(24).toString('base64url')
  const server = createServer((request, response) => {
    answer(request, response).catch(() => {
      if (!response.headersSent) refuse(response, 500, 'internal', "The page's server failed.")
      else response.destroy()
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const { port: actual } = server.address() as AddressInfo
  const hosts = [`127.0.0.1:${actual}`, `localhost:${actual}`]

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value)
    const { host = '', origin } = request.headers
    if (!hosts.includes(host)) return refuse(response, 421, 'unknown-host', 'This server answers to its own address only.')
    if (origin !== undefined && origin !== `http://${host}`)
      return refuse(response, 403, 'foreign-origin', 'This server answers to its own page only.')
    const path = (request.url ?? '/').replace(/[?#].*$/, '')
    if (path === '/api/send') {
      if (request.method !== 'POST') return refuse(response, 405, 'method-not-allowed', 'POST it.')
      if (!isToken(request.headers['x-countersign-token'], token))
        return refuse(response, 401, 'token-missing', 'Open the page by the URL that the command printed: it has the token in it.')
      if (request.headers['content-type'] !== 'application/json') return refuse(response, 415, 'not-json', 'Send JSON.')
      const body = await readBody(request, MAX_REQUEST_BYTES)
      if (body === 'too-large') return refuse(response, 413, 'body-too-large', 'The request is larger than 15 MB.')
      const gone = new AbortController()
      response.on('close', () => gone.abort())
      const { status, answer: sent } = await sendForPage(body ?? new Uint8Array(), gone.signal)
      if (!gone.signal.aborted) reply(response, status, sent)
      return
    }
    const file = page.get(path)
    if (file === undefined) return refuse(response, 404, 'not-found', 'There is nothing here.')
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'method-not-allowed', 'GET it.')
    response.writeHead(200, { 'content-type': file.type, 'content-length': file.bytes.length, 'cache-control': 'no-cache' })
    response.end(request.method === 'HEAD' ? undefined : file.bytes)
  }

  const origin = `http://127.0.0.1:${actual}`
  return {
    origin,
    url: `${origin}/#token=${token}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function reply(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store' })
  response.end(text)
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  // A body that was not read to its end can't be followed by another request on the same connection.
  if (!response.req.complete) response.setHeader('connection', 'close')
  reply(response, status, { error: { code, message } } satisfies SendError)
  if (!response.req.complete) response.req.resume()
}

function isToken(given: string | string[] | undefined, token: string): boolean {
  return typeof given === 'string' && given.length === token.length && timingSafeEqual(Buffer.from(given), Buffer.from(token))
}
