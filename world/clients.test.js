/**
 * `countersign/axios`, `/got` and `/undici`, held against the libraries as they are published, by a server that keeps
 * every byte.
 */
import { createSigner, createVerifier, memoryKeys, serverClock, toProblem } from 'countersign'
import { awsSigV4Query, qredoV1, rfc9421 } from 'countersign/schemes'
import { afterEach, describe, expect, it } from 'vitest'
import { BODIES, CLIENTS } from './clients.js'
import { rawServer } from './raw-server.js'

const HOUR_MS = 3_600_000
const secret = Buffer.alloc(40, 5).toString('base64')
const SCHEMES = {
  'qredo-v1': [qredoV1, { keyId: 'k', secret }, { allow: ['ambiguous-request'] }],
  rfc9421: [rfc9421, { keyId: 'k', secret }, {}],
}
/** The signature goes into the query. */
const QUERY = [awsSigV4Query, { keyId: 'k', secret }, { parameters: { region: 'eu-west-1', service: 'x' } }]

const closing = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A signer that keeps what it signed. No two times that it asks its clock are the same. */
function watched([scheme, credentials, options], nowMs = Date.now()) {
  const signed = []
  let ticks = 0
  const watch = signer => ({
    ...signer,
    async signAsync(request) {
      const made = await signer.signAsync(request)
      signed.push(made)
      return made
    },
    withClock: clock => watch(signer.withClock(clock)),
  })
  return { signed, signer: watch(createSigner(scheme, credentials, { ...options, clock: () => nowMs + 1000 * ticks++ })) }
}

/** A server that verifies what came, byte for byte, and then answers as it is told. */
async function startApi([scheme, , options], then = async () => ({ status: 200, body: 'ok' })) {
  let verifier
  const verdicts = []
  const server = await rawServer(async ({ method, target, headers, body }, place) => {
    const request = { method, target, headers: Object.fromEntries(headers), body: body.length === 0 ? undefined : body }
    const result = await verifier.verify(request)
    verdicts.push(result.ok ? 'ok' : result.failure.code)
    if (result.ok) return then(place, target)
    const problem = toProblem(result.failure)
    return { status: problem.status, headers: { 'content-type': 'application/problem+json' }, body: JSON.stringify(problem) }
  })
  const { allow } = options
  verifier = createVerifier(scheme, {
    origin: server.origin,
    keys: memoryKeys(scheme, [{ id: 'k', secret }]),
    ...(allow === undefined ? {} : { allow }),
  })
  closing.push(server.close)
  return { ...server, verdicts }
}

/** What came over the wire is what was signed: each attempt, in order. */
function expectSentAsSigned({ calls, origin }, signed) {
  expect(calls.length).toBe(signed.length)
  for (const [place, call] of calls.entries()) {
    const { method, url, headers, body } = signed[place]
    expect([call.method, origin + call.target, call.body.toString('latin1')]).toEqual([
      method,
      url,
      Buffer.from(body ?? []).toString('latin1'),
    ])
    for (const [name, value] of Object.entries(headers))
      expect(call.headers.filter(([own]) => own === name)).toEqual([[name, Buffer.from(value).toString('latin1')]])
  }
}

const signaturesOf = ({ calls }) =>
  calls.map(({ headers, target }) => `${target} ${headers.filter(([name]) => /sig|authorization/.test(name)).join()}`)

describe.each(Object.entries(CLIENTS))('%s', (title, { bodies, make, hasNoRetries = false }) => {
  describe.each(Object.entries(SCHEMES))('with %s', (_name, scheme) => {
    it.each(bodies.flatMap(body => ['POST', 'PUT', 'PATCH', 'DELETE'].map(method => [method, body])))(
      'signs the bytes that are sent: %s of %s',
      async (method, body) => {
        const api = await startApi(scheme)
        const { signer, signed } = watched(scheme)
        const answer = await make(signer)({ method, url: `${api.origin}/orders?x=1`, body: BODIES[body]() })
        expect([answer, api.verdicts]).toEqual([{ status: 200, text: 'ok' }, ['ok']])
        expect(api.calls[0].body.length).toBeGreaterThan(0)
        expectSentAsSigned(api, signed)
      },
    )

    it.each(['GET', 'HEAD', 'POST', 'DELETE'])('signs a %s without a body, and the URL as it is sent', async method => {
      const api = await startApi(scheme)
      const { signer, signed } = watched(scheme)
      const answer = await make(signer)({ method, url: `${api.origin}/a%20b/ü?q={x}&z=1`, headers: { 'X-Own': 'mine' } })
      expect([answer.status, api.verdicts]).toEqual([200, ['ok']])
      expectSentAsSigned(api, signed)
      expect(api.calls[0].headers).toContainEqual(['x-own', 'mine'])
    })

    // `fetch` has no retries of its own.
    it.each(hasNoRetries ? [] : ['GET', 'POST'])('signs a %s anew when the library tries again, after an answer or a cut', async method => {
      const api = await startApi(scheme, async place => [{ status: 503 }, 'cut', { status: 200, body: 'ok' }][place])
      const { signer, signed } = watched(scheme)
      const send = make(signer, { retries: true })
      const answer = await send({ method, url: `${api.origin}/a`, ...(method === 'POST' ? { body: '{"a":1}' } : {}) })
      expect([answer, api.verdicts]).toEqual([{ status: 200, text: 'ok' }, ['ok', 'ok', 'ok']])
      expect(new Set(signaturesOf(api)).size).toBe(3)
      expectSentAsSigned(api, signed)
    })

    it.each([
      [301, 'POST', 'GET'],
      [302, 'GET', 'GET'],
      [303, 'POST', 'GET'],
      [307, 'POST', 'POST'],
      [308, 'PUT', 'PUT'],
    ])('signs anew where a %s of a %s leads within the origin', async (status, method, becomes) => {
      const api = await startApi(scheme, async place =>
        place === 0 ? { status, headers: { location: '/there?y=2' } } : { status: 200, body: 'there' },
      )
      const { signer, signed } = watched(scheme)
      const answer = await make(signer)({ method, url: `${api.origin}/here`, ...(method === 'GET' ? {} : { body: '{"a":1}' }) })
      expect([answer.text, api.verdicts]).toEqual(['there', ['ok', 'ok']])
      // got keeps the method of a 301 and a 302, as its option methodRewriting says.
      if (!title.startsWith('got')) expect(api.calls[1].method).toBe(becomes)
      expect([api.calls[1].target, api.calls[1].body.length > 0]).toEqual(['/there?y=2', api.calls[1].method !== 'GET'])
      expectSentAsSigned(api, signed)
    })

    it.each(['a JSON value', 'text', 'a stream of Node', 'a stream of the web', 'FormData'].filter(body => bodies.includes(body)))(
      'sets its clock by the server, and sends %s once more',
      async body => {
        const api = await startApi(scheme)
        const { signer, signed } = watched(scheme, Date.now() - HOUR_MS)
        const send = make(signer, { options: { correctClock: serverClock({ maxOffsetMs: 2 * HOUR_MS }) } })
        const call = () => send({ method: 'POST', url: `${api.origin}/a`, body: BODIES[body]() })
        expect(await call()).toEqual({ status: 200, text: 'ok' })
        expect(api.verdicts).toEqual(['timestamp-out-of-window', 'ok'])
        // The clock holds for the calls that come.
        expect(await call()).toEqual({ status: 200, text: 'ok' })
        expect(api.verdicts).toEqual(['timestamp-out-of-window', 'ok', 'ok'])
        expectSentAsSigned(api, signed)
      },
    )
  })

  it('leaves its clock alone unless it is told otherwise, and hands the refusal on', async () => {
    const api = await startApi(SCHEMES.rfc9421)
    const { signer } = watched(SCHEMES.rfc9421, Date.now() - HOUR_MS)
    const answer = await make(signer)({ method: 'GET', url: `${api.origin}/a` })
    expect([answer.status, JSON.parse(answer.text).code, api.verdicts.length]).toEqual([401, 'timestamp-out-of-window', 1])
  })

  it('tries once more and not twice, where the clock was not what was wrong', async () => {
    const api = await startApi(SCHEMES.rfc9421)
    const { signer } = watched(SCHEMES.rfc9421, Date.now() - HOUR_MS)
    let asked = 0
    const correctClock = async () => {
      asked++
      return 10_000
    }
    const send = make(signer, { options: { correctClock } })
    for (const calls of [1, 2]) {
      const answer = await send({ method: 'GET', url: `${api.origin}/a` })
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([401, 'timestamp-out-of-window'])
      expect([asked, api.verdicts.length]).toEqual([calls, 2 * calls])
    }
  })

  it('hands on a refusal that is not for the clock', async () => {
    const api = await startApi(SCHEMES.rfc9421)
    const other = [rfc9421, { keyId: 'k', secret: Buffer.alloc(40, 6).toString('base64') }, {}]
    const send = make(watched(other).signer, { options: { correctClock: serverClock() } })
    const answer = await send({ method: 'GET', url: `${api.origin}/a` })
    expect([answer.status, JSON.parse(answer.text).code, api.verdicts]).toEqual([401, 'bad-signature', ['bad-signature']])
  })

  it('never goes to another origin that the server redirects to', async () => {
    const elsewhere = await rawServer(async () => ({ status: 200, body: 'stolen' }))
    closing.push(elsewhere.close)
    const api = await startApi(SCHEMES['qredo-v1'], async () => ({ status: 307, headers: { location: `${elsewhere.origin}/x` } }))
    const { signer, signed } = watched(SCHEMES['qredo-v1'])
    const call = { method: 'POST', url: `${api.origin}/a`, body: '{}' }
    const error = await make(signer)(call).catch(thrown => thrown)
    expect(codesOf(error)).toContain('redirect-refused')
    const byHand = make(signer, { redirects: false, options: { redirect: 'manual' } })
    expect(await byHand(call)).toMatchObject({ status: 307 })
    expect([elsewhere.calls.length, signed.length]).toEqual([0, api.calls.length])
  })

  it.each([300, 301, 302, 303, 304, 305, 307, 308].flatMap(status => Object.keys(ELSEWHERE).map(spelling => [status, spelling])))(
    'signs nothing for another origin, and sends nothing there: %i, %s',
    async (status, spelling) => {
      const elsewhere = await rawServer(async () => ({ status: 200, body: 'stolen' }))
      closing.push(elsewhere.close)
      const api = await startApi(SCHEMES.rfc9421, async place =>
        place === 0 ? { status, headers: ELSEWHERE[spelling](elsewhere.origin, api.origin) } : { status: 200, body: 'its own' },
      )
      const { signer, signed } = watched(SCHEMES.rfc9421)
      const answer = await make(signer)({ method: 'GET', url: `${api.origin}/a` }).catch(codesOf)
      expect(answer).not.toMatchObject({ text: 'stolen' })
      expect(elsewhere.calls).toEqual([])
      expect(api.calls.length).toBeGreaterThan(0)
      expectSentAsSigned(api, signed)
    },
  )

  it('puts a signature into the query, anew for each attempt', async () => {
    const api = await startApi(QUERY, async place => (hasNoRetries || place > 0 ? { status: 200, body: 'ok' } : { status: 503 }))
    const { signer, signed } = watched(QUERY)
    const answer = await make(signer, { retries: !hasNoRetries })({ method: 'GET', url: `${api.origin}/a?x=1` })
    expect([answer, new Set(api.verdicts)]).toEqual([{ status: 200, text: 'ok' }, new Set(['ok'])])
    expectSentAsSigned(api, signed)
    for (const { target } of api.calls) expect(target.match(/X-Amz-Signature=/g)).toHaveLength(1)
  })

  // `signedFetch` has no such option.
  it.each(title === 'signedFetch' ? [] : ['origin'])('signs for the origins that its option %s names, and for no other', async () => {
    const api = await startApi(SCHEMES.rfc9421)
    const { signer, signed } = watched(SCHEMES.rfc9421)
    const send = make(signer, { options: { origin: 'https://api.example.com' } })
    expect(codesOf(await send({ method: 'GET', url: `${api.origin}/a` }).catch(thrown => thrown))).toContain('url-foreign')
    expect([signed, api.calls]).toEqual([[], []])
    expect((await make(signer, { options: { origin: api.origin } })({ method: 'GET', url: `${api.origin}/a` })).status).toBe(200)
  })

  it('sends nothing of a body that is too large', async () => {
    const api = await startApi(SCHEMES.rfc9421)
    const { signer } = watched(SCHEMES.rfc9421)
    for (const body of ['text', 'a Buffer', 'FormData', ...bodies.filter(name => name.includes('stream'))]) {
      const thrown = await make(signer, { options: { maxBodyBytes: 6 } })({ method: 'POST', url: api.origin, body: BODIES[body]() }).catch(
        codesOf,
      )
      expect([body, thrown]).toEqual([body, expect.arrayContaining(['body-too-large'])])
    }
    expect(api.calls).toEqual([])
  })
})

/** The ways in which a server may name another origin. */
const ELSEWHERE = {
  'an absolute URL': other => ({ location: `${other}/x` }),
  'a URL without its scheme': other => ({ location: other.replace('http:', '') }),
  'a URL with backslashes': other => ({ location: other.replace('http://', '\\\\') }),
  'a URL with a tab in it': other => ({ location: other.replace('://', ':/\t/') }),
  'a name in capitals': other => ({ LOCATION: `${other}/x` }),
  'two headers': other => ({ location: `${other}/x`, Location: `${other}/y` }),
  'two headers, the first of its own': (other, own) => ({ location: `${own}/x`, Location: `${other}/y` }),
  'two headers that are one URL of another origin': (other, own) => ({ location: own, Location: other.replace('http://', '@') }),
  'what is no URL': () => ({ location: 'http://[' }),
}

/** Of an error and what it was caused by: libraries wrap what an interceptor throws. */
function codesOf(error) {
  return error instanceof Error ? [error.code, ...codesOf(error.cause)] : []
}
