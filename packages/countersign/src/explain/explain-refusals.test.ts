import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { memoryKeys } from '../keys/key.ts'
import { qredoV1 } from '../schemes/index.ts'
import { createVerifier } from '../verify/verify.ts'
import { type ExplainedRefusal, type ExplainRefusalsOptions, explainRefusals } from './index.ts'

const SECRETS = [Buffer.alloc(40, 0xfb), Buffer.alloc(40, 0xee)] as const
const secret = SECRETS[0].toString('base64url')
const origin = 'https://api.example.com/base'
const body = Buffer.from('{"a":1}')
const NOW = 1_647_356_399_000

function setUp(options: Partial<ExplainRefusalsOptions> = {}) {
  const keys = memoryKeys(qredoV1, [
    { id: 'one', secrets: [secret, SECRETS[1].toString('base64')] },
    { id: 'two', secret },
  ])
  const events: ExplainedRefusal[] = []
  const explainer = explainRefusals({ scheme: qredoV1, keys, onExplained: event => events.push(event), ...options })
  const onRefused = vi.fn(explainer)
  const verifier = createVerifier(qredoV1, { origin, keys, onRefused, clock: () => NOW })
  const send = (message: string, { keyId = 'one', key = SECRETS[0] as Buffer | string } = {}) =>
    verifier.verify({
      method: 'POST',
      target: '/x?y=1',
      headers: {
        'qredo-api-key': keyId,
        'qredo-api-ts': '1647356399',
        'qredo-api-sig': createHmac('sha256', key).update(message).digest('base64url'),
      },
      body: async () => body,
    })
  return { events, send, onRefused, verifier, explainer }
}

const right = `1647356399POST${origin}/x?y=1${body}`

async function until(isSo: () => boolean): Promise<void> {
  for (let round = 0; round < 500 && !isSo(); round++) await sleep(5)
}

describe('explainRefusals', () => {
  it('goes on after a pause that never settles', async () => {
    vi.useFakeTimers()
    try {
      let pauses = 0
      const pause = () => (pauses++ === 0 ? new Promise<void>(() => undefined) : Promise.resolve())
      const { events, send } = setUp({ pause, perSecond: 10 })
      await send('given up')
      await send(right.replace('POST', 'post'))
      await vi.advanceTimersByTimeAsync(5_000)
      for (let turns = 0; events.length === 0 && turns < 10_000; turns++) await Promise.resolve()
      expect(events).toMatchObject([{ explanation: { outcome: 'explained' } }])
    } finally {
      vi.useRealTimers()
    }
  })

  it('tells the owner the cause, after the answer, and the stranger nothing', async () => {
    const { events, send } = setUp()
    const result = await send(right.replace('POST', 'post'))
    expect(result).toEqual({ ok: false, failure: { code: 'bad-signature', keyId: 'one' }, holds: false })
    expect(events).toEqual([])
    await until(() => events.length > 0)
    expect(events).toMatchObject([
      { keyId: 'one', failure: { code: 'bad-signature' }, explanation: { outcome: 'explained', causes: [{ code: 'method-lower-case' }] } },
    ])
  })

  it.each([
    ['secret-not-decoded', right, secret],
    ['secret-not-decoded', right, SECRETS[0].toString('base64')],
    ['url-first-segment-dropped', right.replace('/base', ''), SECRETS[0]],
    ['url-base-path-missing', right.replace('/base', ''), SECRETS[0]],
  ])('finds %s', async (code, message, key) => {
    const { events, send } = setUp()
    await send(message, { key })
    await until(() => events.length > 0)
    const codes = events[0]?.explanation.causes.map(cause => cause.code) ?? []
    expect(codes).toHaveLength(1)
    if (code.startsWith('secret')) expect(codes).toEqual([code])
    else expect(codes[0]).toMatch(/base-path|first-segment/)
  })

  it('says nothing of what is accepted, or of failures that explain themselves', async () => {
    const { events, send, verifier, onRefused } = setUp()
    expect((await send(right)).ok).toBe(true)
    expect(onRefused).not.toHaveBeenCalled()
    expect(await send(right, { keyId: 'unknown' })).toMatchObject({ failure: { code: 'unknown-key' } })
    expect(await verifier.verify({ method: 'GET', target: '/x', headers: {} })).toMatchObject({ failure: { code: 'missing-header' } })
    expect(onRefused).toHaveBeenCalledTimes(2)
    await sleep(30)
    expect(events).toEqual([])
  })

  it('keeps to its budget per key and per second, and gives another key its share', async () => {
    let now = 0
    const { events, send } = setUp({ now: () => now, perSecond: 3, perKeyPerMinute: 2, maxAttempts: 50 })
    const flood = async (keyId: string): Promise<void> => {
      for (let count = 0; count < 5; count++) {
        await send(`wrong ${count}`, { keyId })
        await sleep(15)
      }
    }
    await flood('one')
    await flood('two')
    expect(events.map(({ keyId }) => keyId)).toEqual(['one', 'one', 'two'])
    now = 61_000
    await flood('one')
    expect(events).toHaveLength(5)
  })

  it('looks at one at a time, lets a few wait, and counts those that it drops', async () => {
    let working = 0
    let most = 0
    const pause = async (): Promise<void> => {
      working++
      most = Math.max(most, working)
      await sleep(0)
      working--
    }
    const { events, send, explainer } = setUp({ pause, maxAttempts: 50, perSecond: 100, perKeyPerMinute: 100, maxWaiting: 3 })
    await Promise.all(Array.from({ length: 20 }, (_, count) => send(`wrong ${count}`)))
    await until(() => events.length + explainer.dropped === 20)
    // One that is looked at, and three that waited.
    expect([events.length, explainer.dropped, most]).toEqual([4, 16, 1])
    await send('wrong again')
    await until(() => events.length === 5)
    expect(events[0]?.explanation).toMatchObject({ outcome: 'unexplained', attempts: 50, skipped: 0 })
  })

  it('keeps no more bytes of bodies than it is told for those that wait', async () => {
    const { events, explainer } = setUp({ perSecond: 100, perKeyPerMinute: 100, maxAttempts: 1, maxWaitingBytes: 2_500_000 })
    const request = { method: 'POST', target: '/x', headers: {} }
    const refusal = { failure: { code: 'bad-signature', keyId: 'one' }, request, origin: { origin, basePath: '' } } as const
    for (let count = 0; count < 5; count++) explainer({ ...refusal, body: Buffer.alloc(1_000_000) })
    explainer({ ...refusal, body: Buffer.alloc(3_000_000) })
    await until(() => events.length === 3)
    expect([events.length, explainer.dropped]).toEqual([3, 3])
  })

  it.each(['maxWaiting', 'maxHashedBytes', 'perSecond'] as const)('refuses %s that is not a number', name => {
    expect(() => setUp({ [name]: Number.NaN })).toThrow(expect.objectContaining({ code: 'option-invalid' }))
  })

  it('survives who listens and who holds the keys', async () => {
    const { send } = setUp({
      onExplained: () => {
        throw new Error('listener')
      },
    })
    await send('wrong')
    const failing = setUp({ keys: { find: () => Promise.reject(new Error('down')) } })
    await failing.send('wrong')
    await sleep(100)
    const throwing = createVerifier(qredoV1, {
      origin,
      keys: memoryKeys(qredoV1),
      onRefused: () => {
        throw new Error('observer')
      },
    })
    expect(await throwing.verify({ method: 'GET', target: '/x', headers: {} })).toMatchObject({ ok: false })
  })
})
