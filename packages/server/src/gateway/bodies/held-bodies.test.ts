import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createHeldBodies, OverloadedError } from './held-bodies.ts'

/** What is read of a request, whose pieces the test sends. */
class Incoming extends EventEmitter {
  readonly complete = false
  readonly destroyed = false
  pause(): void {}
}

const asRequest = (incoming: Incoming): IncomingMessage => incoming as unknown as IncomingMessage
const settled = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error)

const MAX = 20_000
const piece = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 3000, max: 12_000 }))
const bodies = fc.array(fc.record({ pieces: fc.array(piece, { maxLength: 12 }), isChunked: fc.boolean(), isCut: fc.boolean() }), {
  minLength: 1,
  maxLength: 8,
})

it('has memory for bytes that came in, within its budget, and hands on every body that did not give way', async () => {
  await fc.assert(
    fc.asyncProperty(bodies, fc.infiniteStream(fc.nat()), async (given, turns) => {
      const held = createHeldBodies(MAX)
      const running = given.map(({ pieces, isChunked, isCut }, index) => {
        const incoming = new Incoming()
        const whole = Buffer.alloc(
          pieces.reduce((sum, size) => sum + size, 0),
          index + 1,
        )
        const body = held.keep(asRequest(incoming), MAX, isChunked ? undefined : whole.length)
        return { incoming, whole, body, isCut, left: [...pieces], sent: 0, outcome: settled(body.read) }
      })
      expect(held.heldBytes).toBe(0)
      for (;;) {
        const open = running.filter(({ left }) => left.length > 0)
        const one = open[Number(turns.next().value) % Math.max(open.length, 1)]
        if (one === undefined) break
        const size = one.left.shift() ?? 0
        one.incoming.emit('data', one.whole.subarray(one.sent, one.sent + size))
        one.sent += size
        expect(held.heldBytes).toBeLessThanOrEqual(MAX)
        const received = running.reduce((sum, { sent }) => sum + (sent === 0 ? 0 : Math.max(2 * sent, 512)), 0)
        expect(held.heldBytes).toBeLessThanOrEqual(received)
        if (one.left.length === 0) one.incoming.emit(one.isCut ? 'close' : 'end')
      }
      for (const { incoming, whole, body, sent, isCut, outcome } of running) {
        if (sent === 0) incoming.emit('end')
        const read = await outcome
        if (!(read instanceof OverloadedError)) {
          if (whole.length === 0) expect(read).toBeUndefined()
          else if (whole.length > MAX) expect(read).toBe('too-large')
          else if (isCut) expect(read).toBeInstanceOf(Error)
          else expect(whole.equals(read as Buffer)).toBe(true)
        }
        expect(incoming.eventNames()).toEqual([])
        body.release()
        body.release()
      }
      expect(held.heldBytes).toBe(0)
    }),
    { seed: 16 },
  )
})

it('lets the unfinished body that began first give way, and none that is whole', async () => {
  const held = createHeldBodies(10)
  const keep = () => {
    const incoming = new Incoming()
    const { read } = held.keep(asRequest(incoming), 100, 4)
    const state = { outcome: 'unfinished' }
    read.then(
      body => {
        state.outcome = String(body)
      },
      (error: unknown) => {
        state.outcome = error instanceof OverloadedError ? 'gave way' : String(error)
      },
    )
    return { send: (text: string) => incoming.emit('data', Buffer.from(text)), end: () => incoming.emit('end'), state }
  }
  const [whole, first, silent, second, last] = [keep(), keep(), keep(), keep(), keep()]
  whole.send('abcd')
  whole.end()
  first.send('a')
  second.send('abcd')
  last.send('abc')
  second.end()
  await Promise.resolve()
  expect([whole, first, silent, second, last].map(({ state }) => state.outcome)).toEqual([
    'abcd',
    'gave way',
    'unfinished',
    'abcd',
    'gave way',
  ])
})

it('reads nothing of a request whose client has left', async () => {
  const incoming = Object.assign(new Incoming(), { destroyed: true })
  await expect(createHeldBodies(10).keep(asRequest(incoming), 10, 4).read).rejects.toThrow('went away')
})
