import { describe, expect, it } from 'vitest'
import { toProblem } from '../contract/problem.ts'
import { memoryKeys } from '../keys/key.ts'
import { qredoV1 } from '../schemes/index.ts'
import { createSigner } from '../sign/sign.ts'
import { createVerifier } from '../verify/verify.ts'
import { type Fetch, type SignedFetchOptions, signedFetch } from './fetch.ts'
import { serverClock } from './server-clock.ts'

const NOW = 1_764_000_000_000
const MINUTE = 60_000
const secret = Buffer.alloc(60, 5).toString('base64')

/** What a client sends to a server that answers by a function of the timestamp, in milliseconds. */
function client(answer: (timestampMs: number) => Response, options: SignedFetchOptions = { correctClock: serverClock() }) {
  const sent: number[] = []
  const send: Fetch = async (_url, init) => {
    const timestampMs = Number(new Headers(init?.headers).get('qredo-api-ts')) / 1e6
    sent.push(Math.round((timestampMs - NOW) / MINUTE))
    return answer(timestampMs)
  }
  const fetch = signedFetch(createSigner(qredoV1, { keyId: 'k', secret }, { clock: () => NOW }), { ...options, fetch: send })
  return { fetch, sent }
}

const byDate = (minutes: number): Response =>
  new Response(null, { status: 401, headers: { date: new Date(NOW + minutes * MINUTE).toUTCString() } })

const byProblem = (minutes: number, status = 401): Response =>
  Response.json(
    { serverTime: new Date(NOW + minutes * MINUTE).toISOString() },
    { status, headers: { 'content-type': 'application/problem+json' } },
  )

describe('signedFetch, told to correct its clock', () => {
  it.each([
    ['a Date', byDate(8), 'https://a.example/', [0, 8]],
    ['problem details', byProblem(-8), 'https://a.example/', [0, -8]],
    ['problem details of a 400', byProblem(8, 400), 'https://a.example/', [0, 8]],
    ['this machine', byDate(8), 'http://127.0.0.1:4567/', [0, 8]],
    ['localhost', byDate(8), 'http://localhost:4567/', [0, 8]],
    ['a clock in another year', byDate(2_000_000), 'https://a.example/', [0]],
    ['problem details of another year', byProblem(-2_000_000), 'https://a.example/', [0]],
    ['a little more than ten minutes', byDate(11), 'https://a.example/', [0]],
    ['no TLS, so that anyone between could tell the time', byDate(8), 'http://a.example/', [0]],
    ['no TLS, a host that only begins like this machine', byDate(8), 'http://127.0.0.1.example/', [0]],
    ['a clock that is right', byDate(0), 'https://a.example/', [0]],
    ['a Date that is none', new Response(null, { status: 401, headers: { date: 'yesterday' } }), 'https://a.example/', [0]],
    [
      'a Date beside a 403',
      new Response(null, { status: 403, headers: { date: byDate(8).headers.get('date') ?? '' } }),
      'https://a.example/',
      [0],
    ],
    [
      'problem details without a time',
      Response.json({}, { status: 401, headers: { 'content-type': 'application/problem+json' } }),
      'https://a.example/',
      [0],
    ],
  ])('%s', async (_name, refusal, url, timestamps) => {
    const { fetch, sent } = client(() => refusal.clone())
    expect((await fetch(url)).status).toBe(refusal.status)
    expect(sent).toEqual(timestamps)
  })

  it('is not told by default: the clock stays', async () => {
    const { fetch, sent } = client(() => byDate(8), {})
    await fetch('https://a.example/')
    expect(sent).toEqual([0])
  })

  it('stays right for the calls that follow, by what our verifier answers', async () => {
    const verifier = createVerifier(qredoV1, {
      origin: 'https://a.example',
      keys: memoryKeys(qredoV1, [{ id: 'k', secret }]),
      clock: () => NOW + 8 * MINUTE,
    })
    const sent: string[] = []
    const send: Fetch = async (url, init) => {
      const { pathname: target } = new URL(String(url))
      const headers = Object.entries(Object.fromEntries(new Headers(init?.headers)))
      const result = await verifier.verify({ method: 'GET', target, headers: [...headers, ['host', 'a.example']] })
      sent.push(`${target} ${result.ok ? 200 : result.failure.code}`)
      if (result.ok) return new Response()
      const problem = toProblem(result.failure)
      return Response.json(problem, { status: problem.status, headers: { 'content-type': 'application/problem+json' } })
    }
    const signer = createSigner(qredoV1, { keyId: 'k', secret }, { clock: () => NOW })
    const fetch = signedFetch(signer, { correctClock: serverClock(), fetch: send })
    for (const path of ['/a', '/b']) expect((await fetch(`https://a.example${path}`)).status).toBe(200)
    expect(sent).toEqual(['/a timestamp-out-of-window', '/a 200', '/b 200'])
  })

  it('forgets what it was told when a call is refused again', async () => {
    let answers = [byDate(8), new Response()]
    const { fetch, sent } = client(() => answers.shift() ?? new Response())
    await fetch('https://a.example/')
    answers = [new Response(null, { status: 403 })]
    await fetch('https://a.example/')
    await fetch('https://a.example/')
    expect(sent).toEqual([0, 8, 8, 0])
    answers = [byDate(8), byDate(9)]
    await fetch('https://a.example/')
    await fetch('https://a.example/')
    expect(sent.slice(4)).toEqual([0, 8, 0])
  })

  it('sets it by as much as it is allowed to, and no more', async () => {
    const { fetch, sent } = client(() => byDate(3), { correctClock: serverClock({ maxOffsetMs: 2 * MINUTE }) })
    await fetch('https://a.example/')
    expect(sent).toEqual([0])
  })

  it('is told by each server for itself alone', async () => {
    const times: [string, number][] = []
    const send: Fetch = async (url, init) => {
      const minutes = Math.round((Number(new Headers(init?.headers).get('qredo-api-ts')) / 1e6 - NOW) / MINUTE)
      times.push([new URL(String(url)).host, minutes])
      return String(url).startsWith('https://late') && minutes === 0 ? byDate(8) : new Response('ok')
    }
    const signer = createSigner(qredoV1, { keyId: 'k', secret }, { clock: () => NOW })
    const fetch = signedFetch(signer, { correctClock: serverClock(), fetch: send })
    for (const url of ['https://late.example/', 'https://other.example/', 'http://late.example/', 'https://late.example/b'])
      await fetch(url)
    expect(times).toEqual([
      ['late.example', 0],
      ['late.example', 8],
      ['other.example', 0],
      ['late.example', 0],
      ['late.example', 8],
    ])
  })
})
