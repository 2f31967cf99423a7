import type { Duplex } from 'node:stream'
import { tell } from 'countersign'
import type { WebSocket } from 'ws'
import type { Store } from '../store/database.ts'
import { eventsAfter, type FeedEvent, lastSequence, type Scope, snapshotOf } from './events.ts'
import { CLOSE, drained, type Subscriber, sayGoodbye, sees } from './subscriber.ts'

export interface FeedOptions {
  readonly store: Store
  /** Whether a key may still read what it reads; asked at every heartbeat. */
  readonly isStillAllowed: (keyId: string) => Promise<boolean>
  /** Between two pings; who has not answered one by the next is cut off. Default: 15 s. */
  readonly heartbeatMs?: number | undefined
  /** What waits to be read by one client before it is cut off. Default: 1 MiB. */
  readonly maxBufferedBytes?: number | undefined
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface Feed {
  /** Sends a client what it has missed, or how everything stands, and then what changes. */
  attach(client: {
    readonly socket: WebSocket
    readonly stream: Duplex
    readonly scope: Scope
    readonly keyId: string
    readonly since?: number | undefined
  }): void
  /** To be called when transactions have changed. */
  changed(): void
  readonly size: number
  close(): Promise<void>
}

/**
 * Tells clients of every change of their transactions, in order and once. Everything is read from the database, where a
 * change has its place in one sequence: a client first reads up to where the others are, and joins them then, so that
 * there is no gap between its past and the live stream.
 */
export async function createFeed(options: FeedOptions): Promise<Feed> {
  const { store, isStillAllowed, heartbeatMs = 15_000, maxBufferedBytes = 1_048_576, onError } = options
  const all = new Set<Subscriber>()
  const live = new Set<Subscriber>()
  /** What the live ones have been sent. */
  let delivered = await lastSequence(store)
  let pumping: Promise<void> | undefined
  let isStale = false
  let isClosed = false

  async function pump(): Promise<void> {
    while (isStale && !isClosed) {
      isStale = false
      for (;;) {
        const events = await eventsAfter(store, delivered)
        const last = events.at(-1)
        if (last === undefined) break
        delivered = last.sequence
        for (const subscriber of live) send(subscriber, events)
      }
    }
  }

  function changed(): void {
    isStale = true
    pumping ??= pump()
      .catch(error => tell(onError, error))
      .finally(() => {
        pumping = undefined
        // It may have been told of after the last look.
        if (isStale && !isClosed) changed()
      })
  }

  /** Sends what a client may see and has not been sent, in one write. */
  function send(subscriber: Subscriber, events: readonly FeedEvent[], isSnapshot = false): void {
    const { socket, stream, scope } = subscriber
    if (socket.readyState !== socket.OPEN) return
    stream.cork()
    for (const event of events) {
      if (!isSnapshot && event.sequence <= subscriber.position) continue
      if (sees(scope, event)) socket.send(event.text)
    }
    stream.uncork()
    const last = events.at(-1)
    if (!isSnapshot && last !== undefined && last.sequence > subscriber.position) subscriber.position = last.sequence
    if (socket.bufferedAmount > maxBufferedBytes) cutOff(subscriber)
  }

  function cutOff(subscriber: Subscriber): void {
    drop(subscriber)
    subscriber.socket.close(CLOSE.tooSlow, `too slow: go on with ?since=<the last sequence you saw>`)
  }

  function drop(subscriber: Subscriber): void {
    all.delete(subscriber)
    live.delete(subscriber)
  }

  /** Brings a client up to where the live ones are. */
  async function catchUp(subscriber: Subscriber, since: number | undefined): Promise<void> {
    if (since === undefined) {
      const { events, upTo } = await snapshotOf(store, subscriber.scope)
      subscriber.position = upTo
      send(subscriber, events, true)
    } else subscriber.position = since
    while (all.has(subscriber) && subscriber.position < delivered) {
      const target = delivered
      const events = await eventsAfter(store, subscriber.position, subscriber.scope)
      // What is not for this client leaves gaps in its sequence.
      if (events.length === 0) subscriber.position = target
      send(subscriber, events)
      await drained(subscriber, maxBufferedBytes / 2)
    }
    if (!all.has(subscriber)) return
    // A position ahead of everything is a client's mistake, and means: what comes now.
    if (since !== undefined && subscriber.position > delivered) subscriber.position = delivered
    live.add(subscriber)
  }

  async function beat(): Promise<void> {
    for (const subscriber of [...all]) {
      const { socket, keyId } = subscriber
      if (!subscriber.isAlive) {
        drop(subscriber)
        socket.terminate()
        continue
      }
      subscriber.isAlive = false
      socket.ping()
      // A store that is away does not end what was allowed.
      const isAllowed = await isStillAllowed(keyId).catch(() => true)
      if (isAllowed) continue
      drop(subscriber)
      socket.close(CLOSE.notAllowedAnyMore, 'the key may not read this any more')
    }
  }
  const timer = setInterval(() => void beat().catch(error => tell(onError, error)), heartbeatMs)
  timer.unref()

  return {
    get size() {
      return all.size
    },
    changed,
    attach({ socket, stream, scope, keyId, since }) {
      const subscriber: Subscriber = { socket, stream, scope, keyId, position: 0, isAlive: true }
      all.add(subscriber)
      socket.on('pong', () => {
        subscriber.isAlive = true
      })
      socket.on('close', () => drop(subscriber))
      socket.on('error', () => drop(subscriber))
      catchUp(subscriber, since).catch(error => {
        tell(onError, error)
        drop(subscriber)
        socket.close(CLOSE.broken, 'something went wrong on our side')
      })
    },
    async close() {
      isClosed = true
      clearInterval(timer)
      const goodbyes = [...all].map(({ socket }) => sayGoodbye(socket))
      all.clear()
      live.clear()
      await Promise.all([pumping, ...goodbyes])
    },
  }
}
