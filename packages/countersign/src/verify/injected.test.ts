import { describe, expect, it, vi } from 'vitest'
import { crypto as platform } from '#crypto'
import { createVerifier, FAILURES, memoryKeys, type Refusal, toProblem, type Verification, type VerifierOptions } from '../index.ts'
import { qredoV1 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import type { IncomingRequest } from './types.ts'
import { throwUnjudged } from './unjudged.ts'
import type { Timer } from './waiting.ts'

const NOW = 1_764_000_000_000
const ORIGIN = 'https://api.example.com'
const secret = Buffer.alloc(40, 5)
const BODY = Buffer.from('{"a":1}')
const { headers } = createSigner(qredoV1, { keyId: 'k', secret }, { clock: () => NOW }).sign({
  method: 'POST',
  url: `${ORIGIN}/x`,
  body: BODY,
})

/** A timer whose time is over whenever somebody waits, once what is ready has been taken. */
function createHastyTimer() {
  const running = new Set<object>()
  const asked: number[] = []
  const timer: Timer = (ms, onEnd) => {
    const one = {}
    running.add(one)
    asked.push(ms)
    setImmediate(() => {
      if (running.delete(one)) onEnd()
    })
    return () => void running.delete(one)
  }
  return { timer, running, asked }
}

const failure = new Error('of its own')
function throws(): unknown {
  throw failure
}
const rejects = (): Promise<never> => Promise.reject(failure)
const hangs = (): Promise<never> => new Promise<never>(() => undefined)
const gone = (): Promise<never> => Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNRESET' }))
const aborts = (): Promise<never> => Promise.reject(new DOMException('stopped', 'AbortError'))
const malformed = (): Promise<never> => Promise.reject(Object.assign(new Error('size'), { status: 400 }))

/** What an option is called with is of no matter here, so any function will do. */
type Misbehaving = (...given: never[]) => unknown
type Given = (misbehaves: Misbehaving) => {
  readonly options?: { readonly [N in keyof VerifierOptions]?: unknown }
  readonly request?: { readonly [N in keyof IncomingRequest]?: unknown }
}

const keys: Given = find => ({ options: { keys: { find } } })
const replay: Given = claim => ({ options: { replay: { claim } } })
const clock: Given = misbehaves => ({ options: { clock: misbehaves } })
const body: Given = misbehaves => ({ request: { body: misbehaves } })
const crypto: Given = misbehaves => ({ options: { crypto: { ...platform, hmac: () => misbehaves, equal: misbehaves } } })

const CASES: readonly (readonly [name: string, given: Given, misbehaves: Misbehaving, code: string])[] = [
  ['a key source that throws', keys, throws, 'key-source-unavailable'],
  ['a key source that rejects', keys, rejects, 'key-source-unavailable'],
  ['a key source that never answers', keys, hangs, 'key-source-unavailable'],
  ['a key source that gives a text', keys, () => 'k', 'key-source-unavailable'],
  ['a key source that gives a promise of a text', keys, async () => 'k', 'key-source-unavailable'],
  ['a key source that gives an empty object', keys, () => ({}), 'key-source-unavailable'],
  ['a key source that gives null', keys, () => null, 'unknown-key'],
  ['a key source whose promise throws', keys, () => Object.fromEntries([['then', throws]]), 'key-source-unavailable'],
  ['a replay guard that throws', replay, throws, 'replay-guard-unavailable'],
  ['a replay guard that rejects', replay, rejects, 'replay-guard-unavailable'],
  ['a replay guard that never answers', replay, hangs, 'replay-guard-unavailable'],
  ['a replay guard that gives true', replay, () => true, 'replay-guard-unavailable'],
  ['a replay guard that gives nothing', replay, async () => undefined, 'replay-guard-unavailable'],
  ['a clock that throws', clock, throws, 'verifier-failed'],
  ['a clock that rejects', clock, rejects, 'verifier-failed'],
  ['a clock that gives NaN', clock, () => Number.NaN, 'verifier-failed'],
  ['a clock that gives a text', clock, () => '2025', 'verifier-failed'],
  ['a reader that throws', body, throws, 'body-unreadable'],
  ['a reader that rejects', body, rejects, 'body-unreadable'],
  ['a reader that never answers', body, hangs, 'body-incomplete'],
  ['a reader that gives a text', body, async () => '{"a":1}', 'body-unreadable'],
  ['a reader whose client has left', body, gone, 'body-incomplete'],
  ['a reader that was aborted', body, aborts, 'body-incomplete'],
  ['a reader that refuses what came', body, malformed, 'body-incomplete'],
  ['a cryptography that throws', crypto, throws, 'key-source-unavailable'],
  ['a cryptography that rejects', crypto, rejects, 'key-source-unavailable'],
  ['a cryptography that gives nothing', crypto, () => undefined, 'bad-signature'],
]

function verifyWith(given: ReturnType<Given>, more: Partial<VerifierOptions> = {}): Promise<Verification> {
  const options = { origin: ORIGIN, keys: memoryKeys(qredoV1, [{ id: 'k', secret }]), clock: () => NOW, ...more, ...given.options }
  const request = { method: 'POST', target: '/x', headers, body: BODY, ...given.request }
  return createVerifier(qredoV1, options as VerifierOptions).verify(request as IncomingRequest)
}

const WATCHERS: readonly (readonly [what: string, watcher: Misbehaving])[] = [
  ['throws', throws],
  ['rejects', rejects],
  ['never answers', hangs],
  ['gives rubbish', () => 7],
]

describe('a verifier with', () => {
  it.each(CASES)('%s gives a refusal with its cause, and leaves no timer', async (_name, given, misbehaves, code) => {
    const { timer, running } = createHastyTimer()
    const told: Refusal[] = []
    const result = await verifyWith(given(misbehaves), { timer, onRefused: refusal => void told.push(refusal) })
    expect(result).toMatchObject({ ok: false, failure: { code } })
    expect(running.size).toBe(0)
    if (result.ok) return
    const isAsyncClock = given === clock && misbehaves === rejects
    const { status } = FAILURES[result.failure.code]
    expect([400, 401, 500, 503]).toContain(status)
    expect(toProblem(result.failure).status).toBe(status)
    expect(told).toHaveLength(1)
    expect(told[0]?.cause).toBe(result.cause)
    if (isAsyncClock) expect(result.cause).toMatchObject({ code: 'option-invalid' })
    else if (misbehaves === throws || misbehaves === rejects) expect(result.cause).toBe(failure)
  })

  it.each(WATCHERS)('a watcher that %s answers as one without', async (_name, onRefused) => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const watched: Given = watcher => ({ options: { onRefused: watcher }, request: { target: '/y' } })
    const result = await verifyWith(watched(onRefused))
    await new Promise(setImmediate)
    process.off('unhandledRejection', unhandled)
    expect(result).toMatchObject({ ok: false, failure: { code: 'bad-signature' } })
    expect(unhandled).not.toHaveBeenCalled()
  })

  it.each([
    ['no request', { request: null }],
    ['no headers', { headers: null }],
    ['no method', { method: undefined }],
    ['no target', { target: undefined }],
    ['a permission that is a number', { permission: 7 }],
    ['options that are null', { options: null }],
  ])(
    '%s does not reject',
    async (_name, { request = undefined, permission = 'p', options = undefined, ...fields }: { [name: string]: unknown }) => {
      const { verify } = createVerifier(qredoV1, {
        origin: ORIGIN,
        keys: memoryKeys(qredoV1, [{ id: 'k', secret }]),
        clock: () => NOW,
      })
      const call = request === null ? null : { method: 'POST', target: '/x', headers, body: BODY, ...fields }
      const asked = options === null ? null : { permission }
      const result = await verify(call as unknown as IncomingRequest, asked as unknown as { permission: string })
      expect(result).toMatchObject({ ok: false })
    },
  )

  it('a source and a guard that are slow, but in time, accepts', async () => {
    const known = memoryKeys(qredoV1, [{ id: 'k', secret }])
    const { timer, running, asked } = createHastyTimer()
    const result = await verifyWith(
      {},
      {
        timer,
        keys: { find: async id => known.find(id) },
        replay: { claim: async () => 'fresh' as const },
        limits: { sourceTimeoutMs: 70 },
      },
    )
    expect(result).toMatchObject({ ok: true })
    expect(asked).toEqual([70, 70])
    expect(running.size).toBe(0)
  })

  it('keys and a guard in memory starts no timer', async () => {
    const { timer, asked } = createHastyTimer()
    expect(await verifyWith({}, { timer })).toMatchObject({ ok: true })
    expect(asked).toEqual([])
  })

  it('a timeout that no timer can wait for is refused where it is made', () => {
    for (const name of ['sourceTimeoutMs', 'bodyTimeoutMs'])
      for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])
        expect(() => createVerifier(qredoV1, { origin: ORIGIN, keys: memoryKeys(qredoV1, []), limits: { [name]: value } })).toThrow(name)
  })
})

describe('what could not be judged', () => {
  it('is thrown for whoever would rather have it so, and nothing else is', async () => {
    expect(() => throwUnjudged({ ok: false, failure: { code: 'body-unreadable' }, cause: failure })).toThrow(failure)
    expect(() => throwUnjudged({ ok: false, failure: { code: 'key-source-unavailable' }, cause: failure })).not.toThrow()
    const result = await verifyWith({ request: { body: rejects } })
    expect(() => throwUnjudged(result)).toThrow(failure)
  })

  it.each([
    [
      'a timer that throws',
      () => {
        throw failure
      },
    ],
    ['a timer that can not be stopped', () => throws],
  ] as const)('%s leaves nothing unhandled', async (_name, timer) => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    for (const find of [rejects, async () => undefined])
      expect(await verifyWith({ options: { keys: { find } } }, { timer: timer as Timer })).toMatchObject({ ok: false })
    await new Promise(setImmediate)
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('a watcher and a request whose members throw gives a refusal', async () => {
    const onRefused = vi.fn()
    const { verify } = createVerifier(qredoV1, { origin: ORIGIN, keys: memoryKeys(qredoV1, [{ id: 'k', secret }]), onRefused })
    for (const member of ['method', 'target', 'headers', 'body']) {
      const request = Object.defineProperty({ method: 'POST', target: '/x', headers, body: BODY }, member, { get: throws })
      expect(await verify(request)).toMatchObject({ ok: false })
    }
    expect(await verify(null as unknown as IncomingRequest)).toMatchObject({ ok: false, failure: { code: 'verifier-failed' } })
    expect(onRefused).toHaveBeenCalledTimes(5)
  })

  it('a cryptography that never answers gives a refusal', async () => {
    const { timer } = createHastyTimer()
    const result = await verifyWith({ options: { crypto: { ...platform, hmac: () => hangs } } }, { timer })
    expect(result).toMatchObject({ ok: false, failure: { code: 'key-source-unavailable' } })
  })
})
