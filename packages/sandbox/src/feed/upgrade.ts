import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { responseToUpgrade } from '@countersign/server'
import { tell } from 'countersign'
import { stringify } from 'lossless-json'
import { WebSocketServer } from 'ws'
import { z } from 'zod'
import type { Refusal } from '../api/answers.ts'
import type { Authenticate } from '../api/api.ts'
import { checked } from '../api/checked.ts'
import { ApiError } from '../errors.ts'
import type { RequiredFor } from '../permissions.ts'
import { feedQuery } from './events.ts'
import type { Feed } from './feed.ts'

/** Where a feed is, and who may open it there. */
interface FeedDoor {
  readonly base: string
  readonly authenticate: Authenticate
}

export interface FeedUpgradesOptions {
  readonly doors: readonly FeedDoor[]
  readonly feed: Feed
  readonly requiredFor: RequiredFor
  readonly onError?: ((error: unknown) => void) | undefined
}

const PATH = '/transactions/feed'
/** Clients have nothing to say. */
const MAX_MESSAGE_BYTES = 1024

const query = z.object(feedQuery)

/** A listener for `upgrade`: opens feeds for those who may, and answers the others before there is a WebSocket. */
export function feedUpgrades({
  doors,
  feed,
  requiredFor,
  onError,
}: FeedUpgradesOptions): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false })
  const permissions = requiredFor('GET', PATH)?.permissions ?? []

  async function open(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    const [path = '', search = ''] = (request.url ?? '').split('?', 2)
    const door = doors.find(({ base }) => path === base + PATH)
    if (door === undefined)
      throw new ApiError(
        404,
        'not-found',
        'Not found',
        `No WebSocket is here; there is ${doors.map(({ base }) => base + PATH).join(' and ')}.`,
      )
    const caller = await door.authenticate(request, permissions)
    if (!caller.ok) return refuse(request, caller.refusal)
    const { since } = checked(query, Object.fromEntries(new URLSearchParams(search)), 'invalid-query', 'Invalid query')
    const { organisationId, fundId, walletId, keyId } = caller.principal
    sockets.handleUpgrade(request, stream, head, socket =>
      feed.attach({ socket, stream, scope: { organisationId, fundId, walletId }, keyId, since }),
    )
  }

  return (request, stream, head) => {
    const destroy = (): void => void stream.destroy()
    stream.on('error', destroy)
    open(request, stream, head)
      .catch((error: unknown) => {
        if (error instanceof ApiError) return refuse(request, error)
        tell(onError, error)
        destroy()
      })
      .finally(() => stream.off('error', destroy))
  }
}

/** Answers an upgrade request like any other, and ends the connection. */
function refuse(request: IncomingMessage, { status, body, headers }: Pick<Refusal, 'status' | 'body'> & Partial<Refusal>): void {
  const text = stringify(body) ?? ''
  const length = Buffer.byteLength(text)
  responseToUpgrade(request)
    .writeHead(status, { 'content-type': 'application/json', ...headers, 'content-length': length, connection: 'close' })
    .end(text)
}
