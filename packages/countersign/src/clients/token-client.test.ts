import { afterEach, describe, expect, it, vi } from 'vitest'
import { memoryKeys } from '../keys/key.ts'
import { qredoV2 } from '../schemes/qredo-v2.ts'
import { createVerifier } from '../verify/verify.ts'
import { serverClock } from './server-clock.ts'
import { qredoTokenClient, type TokenClientOptions } from './token-client.ts'

const BASE = 'https://api.example.com/api/v2'
const secret = Buffer.alloc(60, 7).toString('base64')
const LIFE_MS = 3_600_000

afterEach(() => {
  vi.restoreAllMocks()
})

/**
 * A server that gives tokens to signed calls, and takes those that have not ended by its own clock, which is ten
 * minutes ahead.
 */
function fakeServer() {
  let now = 1_700_000_000_000
  const serverNow = (): number => now + 600_000
  const verifier = createVerifier(qredoV2, {
    origin: 'https://api.example.com',
    keys: memoryKeys(qredoV2, [{ id: 'k', secret }]),
    clock: serverNow,
  })
  const ends = new Map<string, number>()
  const asked: string[] = []
  const seenExpired: string[] = []
  const plan: (Response | Error)[] = []
  let issued = 0
  const issue = (): Response => {
    const iat = Math.floor(serverNow() / 1000)
    const payload = { iat, exp: iat + LIFE_MS / 1000, n: issued++, name: 'für' }
    const token = `x.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.y`
    ends.set(token, serverNow() + LIFE_MS)
    return Response.json({ token })
  }
  const fetch: NonNullable<TokenClientOptions['fetch']> = async (input, init = {}) => {
    const url = new URL(String(input))
    asked.push(url.pathname.replace('/api/v2', ''))
    await Promise.resolve()
    const planned = url.pathname.includes('/token') ? plan.shift() : undefined
    if (planned instanceof Error) throw planned
    if (planned !== undefined) return planned
    const headers = new Headers(init.headers)
    if (url.pathname.endsWith('/token')) {
      const verified = await verifier.verify({ method: 'GET', target: url.pathname, headers: [...headers] })
      if (verified.ok) return issue()
      const problem = { code: verified.failure.code, serverTime: new Date(serverNow()).toISOString() }
      return Response.json(problem, { status: 401, headers: { 'content-type': 'application/problem+json' } })
    }
    const token = headers.get('x-token') ?? ''
    const end = ends.get(token)
    if (end !== undefined && serverNow() >= end) seenExpired.push(url.pathname)
    if (end === undefined || serverNow() >= end) return new Response('', { status: 401 })
    return url.pathname.endsWith('/refresh') ? issue() : Response.json({ path: url.pathname, token })
  }
  return {
    fetch,
    asked,
    plan,
    seenExpired,
    forget: () => ends.clear(),
    clock: () => now,
    pass: (ms: number) => {
      now += ms
    },
  }
}

function clientOf(server: ReturnType<typeof fakeServer>, more: Partial<TokenClientOptions> = {}) {
  return qredoTokenClient({
    baseUrl: BASE,
    workspaceId: 'w 1',
    keyId: 'k',
    secret,
    fetch: server.fetch,
    correctClock: serverClock(),
    clock: server.clock,
    backoffMs: 1,
    ...more,
  })
}

describe('qredoTokenClient', () => {
  it('signs one call for a token, sets its clock by the server’s, and sends the token with the others', async () => {
    const server = fakeServer()
    const client = clientOf(server)
    expect(await (await client.fetch('/balance')).json()).toMatchObject({ path: '/api/v2/balance' })
    await client.fetch(`${BASE}/funds`, { method: 'POST', body: '{}' })
    // The first is refused for the time, which is then known.
    expect(server.asked).toEqual(['/workspaces/w%201/token', '/workspaces/w%201/token', '/balance', '/funds'])
  })

  it('asks once, however many calls wait', async () => {
    const server = fakeServer()
    const client = clientOf(server)
    await Promise.all(Array.from({ length: 200 }, () => client.fetch('/balance')))
    expect(server.asked.filter(path => path.endsWith('/token'))).toHaveLength(2)
    expect(server.asked.filter(path => path === '/balance')).toHaveLength(200)
  })

  it('has the token refreshed from half of its life on, while the old one serves', async () => {
    const server = fakeServer()
    const client = clientOf(server)
    const first = await client.token()
    server.pass(LIFE_MS / 2 - 1)
    expect(await client.token()).toBe(first)
    server.pass(1)
    expect(await Promise.all([client.token(), client.token()])).toEqual([first, first])
    await expect.poll(() => client.token()).not.toBe(first)
    expect(server.asked.filter(path => path.endsWith('/refresh'))).toHaveLength(1)
  })

  it('never sends a token that has ended, though nothing was called for long', async () => {
    const server = fakeServer()
    const client = clientOf(server)
    for (const pause of [LIFE_MS - 1, LIFE_MS, LIFE_MS * 5, LIFE_MS - 20_000]) {
      await client.token()
      server.pass(pause)
      expect((await client.fetch('/balance')).status).toBe(200)
    }
    expect(server.seenExpired).toEqual([])
    expect(server.asked.filter(path => path.endsWith('/refresh')).length).toBeLessThanOrEqual(1)
  })

  it('tries again after errors of the network and the server, at growing intervals, and gives up', async () => {
    const server = fakeServer()
    const waits: number[] = []
    vi.spyOn(Math, 'random').mockReturnValue(1)
    const realTimeout = globalThis.setTimeout
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((callback: () => void, ms = 0) => {
      waits.push(ms)
      return realTimeout(callback, 0)
    }) as typeof setTimeout)
    server.plan.push(new Error('ECONNRESET'), new Response('', { status: 503 }), new Response('', { status: 429 }))
    expect((await clientOf(server, { backoffMs: 100, maxBackoffMs: 300 }).fetch('/balance')).status).toBe(200)
    expect(waits).toEqual([100, 200, 300])
    server.plan.push(...Array.from({ length: 4 }, () => new Response('down', { status: 500 })))
    await expect(clientOf(server).token()).rejects.toMatchObject({ code: 'token-refused', message: expect.stringContaining('500 down') })
  })

  it('does not try again when the server says no, and never shows the secret', async () => {
    const server = fakeServer()
    const client = clientOf(server, { secret: Buffer.alloc(60, 8).toString('base64') })
    server.pass(-600_000)
    const error = await client.fetch('/balance').catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'token-refused', message: expect.stringContaining('401') })
    expect(String(error)).not.toContain(Buffer.alloc(60, 8).toString('base64'))
    server.plan.push(Response.json({ token: 'none' }))
    await expect(clientOf(server).token()).rejects.toMatchObject({ code: 'token-malformed' })
  })

  it('signs anew when its token was ended before its time', async () => {
    const server = fakeServer()
    const client = clientOf(server)
    const first = await client.token()
    server.forget()
    expect(await (await client.fetch('/balance')).json()).toMatchObject({ path: '/api/v2/balance' })
    expect(await client.token()).not.toBe(first)
    // A refresh that is not taken falls back to a signature, too.
    server.forget()
    server.pass(LIFE_MS / 2)
    await client.token()
    await expect.poll(() => server.asked.slice(-2)).toEqual(['/workspaces/w%201/token/refresh', '/workspaces/w%201/token'])
  })

  it('tells the token to no other origin, and follows no redirect with it', async () => {
    const server = fakeServer()
    const client = clientOf(server)
    await expect(client.fetch('https://elsewhere.example/balance')).rejects.toMatchObject({ code: 'url-foreign' })
    const modes: (RequestRedirect | undefined)[] = []
    const watching = clientOf(server, {
      fetch: (input, init) => {
        modes.push(init?.redirect)
        return server.fetch(input, init)
      },
    })
    await watching.fetch('/balance', { redirect: 'follow' })
    expect(modes.at(-1)).toBe('error')
    expect(() => clientOf(server, { baseUrl: `${BASE}/` })).toThrow('base URL')
  })
})
