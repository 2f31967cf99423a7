import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { FAILURES } from '../contract/problem.ts'
import type { Signer } from '../sign/sign.ts'
import type { IncomingRequest, Refused, Verification, Verified, Verifier, VerifyOptions } from '../verify/verify.ts'
import { type Checked, callReaderOf, checkHandler, checkVerifier, createAdapter } from './adapter.ts'
import type { NodeCallOptions, NodeOptions } from './node.ts'
import { readNodeRequest, socketAddressOf } from './node-request.ts'
import { FAILED, type RefusalAnswer, refusalAnswer } from './refusal.ts'

/**
 * Verifies a WebSocket's upgrade request. Clients sign its URL as `wss://…` or as `https://…`: name both in the
 * verifier's `origin` to accept either.
 */
export async function verifyUpgrade(
  verifier: Verifier,
  request: IncomingMessage,
  options: NodeCallOptions & Pick<VerifyOptions, 'permission'> = {},
): Promise<Verification> {
  return verifier.verify(callReaderOf(options, ['permission'], socketAddressOf)(request, readUpgrade(request)), options)
}

/** Its body is the WebSocket's. */
function readUpgrade(request: IncomingMessage): IncomingRequest {
  return { ...readNodeRequest(request), body: undefined }
}

/**
 * A listener for `upgrade` of `node:http` that lets only verified requests through, and answers the others before there
 * is a WebSocket. What the handler throws or rejects with ends the connection, and is told to `onError`.
 *
 * ```ts
 * server.on('upgrade', requireSignature(verifier, (request, socket, head, { key }) =>
 *   sockets.handleUpgrade(request, socket, head, connection => connection.send(`hello ${key.id}`))))
 * ```
 */
export function requireSignature(
  verifier: Verifier,
  handler: (request: IncomingMessage, socket: Duplex, head: Buffer, verified: Verified) => unknown,
  options: NodeOptions = {},
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  checkVerifier(verifier)
  checkHandler(handler)
  const adapter = createAdapter(options, { socketAddressOf, hasErrorHandler: false })

  async function handle(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const destroy = (): void => void socket.destroy()
    socket.on('error', destroy)
    let checked: Checked
    try {
      checked = await adapter.check(verifier, request, () => readUpgrade(request))
    } catch {
      answerUpgrade(socket, FAILED, 'Internal error')
      return
    }
    const { result, target } = checked
    if (!result.ok) {
      refuseUpgrade(socket, result, verifier.scheme.name, target)
      return
    }
    if (socket.destroyed) return
    socket.off('error', destroy)
    await handler(request, socket, head, result)
  }

  return (request, socket, head) => {
    handle(request, socket, head).catch((error: unknown) => {
      adapter.report(error, request)
      socket.on('error', () => undefined).destroy()
    })
  }
}

/**
 * Answers an upgrade request like any other, and ends the connection.
 *
 * @param target as it was verified, to be told where something in front seems to have rewritten it
 */
export function refuseUpgrade(socket: Duplex, refused: Refused, schemeName: string, target?: string): void {
  answerUpgrade(socket, refusalAnswer(refused, schemeName, target), FAILURES[refused.failure.code].title)
}

function answerUpgrade(socket: Duplex, { status, headers, body }: RefusalAnswer, title: string): void {
  const all = { ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.on('error', () => socket.destroy())
  // A client that leaves its own side open would keep the connection; and bytes that nobody read would reset it before
  // the answer is there.
  socket.on('finish', () => socket.destroy())
  socket.resume()
  socket.end(`HTTP/1.1 ${status} ${title}\r\n${lines.join('')}\r\n${body}`)
}

export interface SignUpgradeOptions {
  /**
   * Which form of the URL is signed, whatever it is opened as: servers differ, and their documentation seldom says.
   * Default: the URL as it is given. The sandbox, and a verifier whose `origin` names both, take either.
   */
  readonly sign?: 'http' | 'ws' | undefined
}

/**
 * The headers of a WebSocket's signed upgrade request.
 *
 * ```ts
 * const { url, headers } = await signUpgrade(signer, 'wss://api.example.com/feed')
 * const socket = new WebSocket(url, { headers }) // of ws or undici: a browser's takes no headers
 * ```
 *
 * @throws what {@link Signer.signAsync} throws
 */
export async function signUpgrade(
  signer: Signer,
  url: string | URL,
  { sign }: SignUpgradeOptions = {},
): Promise<{ readonly url: string; readonly headers: { readonly [name: string]: string } }> {
  const text = String(url)
  const signed = await signer.signAsync({ method: 'GET', url: sign === undefined ? text : withForm(text, sign) })
  // A scheme may have put its signature into the query.
  return { url: withForm(signed.url, 'ws'), headers: signed.headers }
}

function withForm(url: string, form: 'http' | 'ws'): string {
  return url.replace(/^(?:http|ws)(s?):/, `${form}$1:`)
}
