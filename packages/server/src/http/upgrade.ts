import { IncomingMessage, ServerResponse } from 'node:http'
import { announcedLength } from 'countersign/node'

/** Sixteen bytes in base64, RFC 6455 §4.1. */
const WEBSOCKET_KEY = /^[A-Za-z0-9+/]{22}==$/

/** RFC 6455 §4.1. A body would go into the WebSocket, and what goes upstream is a GET. */
function asksForWebSocket(request: IncomingMessage): boolean {
  return (
    request.method === 'GET' &&
    request.httpVersion === '1.1' &&
    request.headers.upgrade?.toLowerCase() === 'websocket' &&
    WEBSOCKET_KEY.test(request.headers['sec-websocket-key'] ?? '') &&
    announcedLength(request) === 0
  )
}

/** Requests that asked for an upgrade. */
const asking = new WeakSet<IncomingMessage>()

/**
 * A request that Node upgrades only where it asks for a WebSocket. Node hands every request with an `Upgrade` to the
 * listener of upgrades, its body unparsed, unless `upgrade` is false once the headers are read. So a `DELETE` with an
 * `Upgrade`, or an `Upgrade: h2c`, which Java's client sends with every call, is handled as the request that it is
 * (RFC 9110 §7.8). Node 24, and 22 in its later releases, have `shouldUpgradeCallback` for this; Node 20 hasn't.
 */
export class RequestOrWebSocket extends IncomingMessage {
  get upgrade(): boolean {
    return asking.has(this) && (this.method === 'CONNECT' || asksForWebSocket(this))
  }

  set upgrade(asks: boolean | null) {
    if (asks === true) asking.add(this)
  }
}

/**
 * Whether no other request can follow on the connection: Node's parser drops what came in together with a request whose
 * `Upgrade` is ignored.
 */
export function isLastOfConnection(request: IncomingMessage): boolean {
  return asking.has(request)
}

/**
 * Whether a request says of its body what Node's parser would have refused, had it not stopped at the `Upgrade`: then
 * nobody knows where the body ends.
 */
export function hasUnreadCoding(request: IncomingMessage): boolean {
  const coding = request.headers['transfer-encoding']
  return asking.has(request) && coding !== undefined && coding.trim().toLowerCase() !== 'chunked'
}

/** The response to an upgrade request, which Node leaves to us: it is answered like every other request. */
export function responseToUpgrade(request: IncomingMessage): ServerResponse {
  const { socket } = request
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  // Node has taken its own listeners off.
  socket.on('error', () => socket.destroy())
  try {
    response.assignSocket(socket)
  } catch {
    // Another request of the connection still runs, and nobody could tell the answers apart.
    socket.destroy()
    response.destroy()
    return response
  }
  socket.on('drain', () => response.emit('drain'))
  // A client that ends its side before it is answered has left.
  socket.on('end', () => {
    if (response.socket !== null) socket.destroy()
  })
  response.on('finish', () => {
    // Bytes that nobody read would reset the connection before the answer is there.
    socket.resume()
    socket.destroySoon()
  })
  return response
}
