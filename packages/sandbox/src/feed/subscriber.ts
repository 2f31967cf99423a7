import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Scope } from './events.ts'

/** RFC 6455 §7.4, and the registry of close codes. */
export const CLOSE = {
  goingAway: 1001,
  notAllowedAnyMore: 1008,
  broken: 1011,
  /** Read faster, and go on after the last sequence that was seen. */
  tooSlow: 1013,
} as const

/** How long a client may take to answer a goodbye. */
const GOODBYE_MS = 1_000

/** A client of a feed, and how far it has been sent it. */
export interface Subscriber {
  readonly socket: WebSocket
  readonly stream: Duplex
  readonly scope: Scope
  readonly keyId: string
  /** The sequence it has been sent everything up to. */
  position: number
  isAlive: boolean
}

/** Waits until no more than `mostBytes` wait to be read, so that a long past does not pile up. */
export function drained({ socket, stream }: Subscriber, mostBytes: number): Promise<void> {
  if (socket.bufferedAmount < mostBytes) return Promise.resolve()
  return new Promise(resolve => {
    const done = (): void => {
      stream.off('drain', done).off('close', done)
      resolve()
    }
    stream.on('drain', done).on('close', done)
  })
}

/** Closes a connection in order, and cuts it when the client does not answer. */
export function sayGoodbye(socket: WebSocket): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(() => socket.terminate(), GOODBYE_MS)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
    socket.close(CLOSE.goingAway, 'the server is shutting down')
  })
}

/** Whether an event is for who may see no more than a scope. */
export function sees({ organisationId, fundId, walletId }: Scope, event: Scope): boolean {
  return (
    organisationId === event.organisationId &&
    (fundId === '' || fundId === event.fundId) &&
    (walletId === '' || walletId === event.walletId)
  )
}
