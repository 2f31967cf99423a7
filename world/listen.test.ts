import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verify as verifyGitHub } from '@octokit/webhooks-methods'
import { createSigner } from 'countersign'
import { github, kucoin, qredoV1, slack, stripe } from 'countersign/schemes'
import { Webhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { PROVIDERS } from '../packages/cli/src/trigger/providers.ts'
import { freePort, removeFolder, run } from '../packages/cli/test/command.ts'
import { type Listening, listen, type Received, startTarget, type Target } from './listening.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-listen-'))
afterAll(() => removeFolder(folder))

const running: (Listening | Target)[] = []
afterEach(async () => {
  for (const one of running.splice(0)) await ('stop' in one ? one.stop() : one.close())
})

const SECRETS = {
  stripe: 'whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH',
  github: 'a secret of this very hook',
  'standard-webhooks': 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
} as const

function codeIn(failure: unknown): unknown {
  return typeof failure === 'object' && failure !== null && 'code' in failure ? failure.code : undefined
}

async function target(answer?: Parameters<typeof startTarget>[0]): Promise<Target> {
  const started = await startTarget(answer)
  running.push(started)
  return started
}

async function listener(args: readonly string[], secret: string): Promise<Listening> {
  const started = await listen(args, environment(secret))
  running.push(started)
  return started
}

function environment(secret: string): Record<string, string | undefined> {
  return {
    COUNTERSIGN_SECRET: secret,
    XDG_CONFIG_HOME: join(folder, 'config'),
    COUNTERSIGN_PROFILE: undefined,
    COUNTERSIGN_SCHEME: undefined,
  }
}

function trigger(args: readonly string[], secret: string) {
  return run('countersign', ['trigger', ...args], { env: environment(secret) })
}

/** What the provider's own library says of what arrived. */
const OWN_LIBRARY: { readonly [scheme in keyof typeof SECRETS]: (received: Received, secret: string) => unknown } = {
  stripe: ({ body, headers }, secret) =>
    new Stripe('sk_test_none').webhooks.constructEvent(body, String(headers['stripe-signature']), secret),
  github: async ({ body, headers }, secret) => {
    if (!(await verifyGitHub(secret, body.toString(), String(headers['x-hub-signature-256'])))) throw new Error('not verified')
  },
  'standard-webhooks': ({ body, headers }, secret) => new Webhook(secret).verify(body.toString(), headers as Record<string, string>),
}

describe('countersign listen and trigger', () => {
  it.each(Object.entries(SECRETS) as [keyof typeof SECRETS, string][])(
    'bring an event of %s to a target, which its provider’s own library accepts byte for byte',
    async (scheme, secret) => {
      const api = await target((response, { body }) => {
        response.writeHead(201, 'Made', ['X-Mine', 'a', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'])
        response.end(body)
      })
      const { port, entries } = await listener(['-s', scheme, '--forward-to', `:${api.port}/hooks/in`, '--json'], secret)
      expect(await trigger([scheme, `:${port}/anything`], secret)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^201 Made {2}\{/),
      })
      const odd = join(folder, 'odd.json')
      writeFileSync(odd, '{ "type": "odd",\r\n\t"name": "ü\\u00fc€" }\n')
      expect(await trigger([scheme, `localhost:${port}`, '-d', `@${odd}`, '-H', 'X-Twice: one, two'], secret)).toMatchObject({ code: 0 })

      expect(api.received.map(({ method, url }) => `${method} ${url}`)).toEqual(['POST /hooks/in', 'POST /hooks/in'])
      for (const one of api.received) await OWN_LIBRARY[scheme](one, secret)
      expect(api.received[1]?.body.toString()).toBe('{ "type": "odd",\r\n\t"name": "ü\\u00fc€" }\n')
      expect(api.received[1]?.headers).toMatchObject({ 'x-twice': 'one, two', host: `localhost:${api.port}` })
      expect(await entries(2)).toMatchObject([
        {
          ok: true,
          target: '/anything',
          event: expect.stringMatching(/^(payment_intent\.succeeded|push|user\.created)$/),
          eventId: expect.any(String),
          forwarded: true,
          status: 201,
          repeats: null,
        },
        { ok: true, target: '/', forwarded: true, status: 201 },
      ])
    },
  )

  it('give the answer of the target back as it was', async () => {
    const api = await target((response, { body }) => {
      response.writeHead(203, 'As It Was', ['X-Mine', 'a', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Connection', 'close'])
      response.end(body)
    })
    const { origin } = await listener(['-s', 'stripe', '--forward-to', `http://127.0.0.1:${api.port}`], SECRETS.stripe)
    const { headers } = createSigner(stripe, { secret: SECRETS.stripe }).sign({ method: 'POST', url: origin, body: '{}' })
    const answer = await fetch(`${origin}/a/path?b=1`, { method: 'POST', headers: { ...headers }, body: '{}' })
    expect([answer.status, answer.statusText, answer.headers.getSetCookie(), answer.headers.get('x-mine'), await answer.text()]).toEqual([
      203,
      'As It Was',
      ['a=1', 'b=2'],
      'a',
      '{}',
    ])
    expect(api.received[0]).toMatchObject({ url: '/a/path?b=1' })
  })

  it('refuse an event that another secret signed, say so, and neither forward it nor show the secret or the right signature', async () => {
    const api = await target()
    const { port, text, printed } = await listener(['-s', 'stripe', '--forward-to', `:${api.port}`, '--print'], SECRETS.stripe)
    expect(await trigger(['stripe', `:${port}/hook`, 'invoice.paid', '--break', 'secret'], SECRETS.stripe)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^401 Unauthorized .*bad-signature/),
    })
    await printed('right message')
    expect(text()).toMatch(/POST \/hook {2}invoice\.paid {2}refused bad-signature {2}401 in [\d.]+ ms\n/)
    expect(text()).toContain('Most likely the sender has another secret, or the body was changed on the way.')
    expect(text()).not.toContain(SECRETS.stripe)
    expect(text()).not.toContain('right signature')
    expect(api.received).toEqual([])
  })

  it('explain a body whose JSON was written anew on the way', async () => {
    const { port, printed } = await listener(['-s', 'github'], SECRETS.github)
    expect(await trigger(['github', `:${port}/hook`, 'issues', '--break', 'json'], SECRETS.github)).toMatchObject({ code: 1 })
    await printed('One mistake.')
    await printed('It signed compact JSON, as JSON.stringify writes it, and sent it otherwise.')
    await printed('issues.opened')
  })

  it('refuse a body whose content was changed, and an event that is too old', async () => {
    const { port, entries } = await listener(['-s', 'stripe', '--json'], SECRETS.stripe)
    for (const how of ['body', 'time'])
      expect(await trigger(['stripe', `:${port}`, '--break', how], SECRETS.stripe)).toMatchObject({ code: 1 })
    const told = await entries(2)
    // The one whose cause is looked for may be told last.
    const [changed, old] = ['bad-signature', 'timestamp-out-of-window'].map(code => told.find(({ failure }) => codeIn(failure) === code))
    expect(changed).toMatchObject({ ok: false, status: 401, failure: { code: 'bad-signature' }, explanation: { outcome: 'unexplained' } })
    expect(JSON.stringify(changed)).not.toContain('"signature"')
    expect(old).toMatchObject({
      ok: false,
      failure: { code: 'timestamp-out-of-window' },
      reason: expect.stringContaining('behind the server'),
    })
    expect(await trigger(['github', `:${port}`, '--break', 'time'], SECRETS.github)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[break-not-possible]'),
    })
  })

  it('warn where a target takes what is wrong on purpose', async () => {
    const api = await target()
    const taken = await trigger(['stripe', `:${api.port}/hook`, '--break', 'body'], SECRETS.stripe)
    expect(taken).toMatchObject({
      code: 0,
      stdout: '200 OK  taken\n',
      stderr: expect.stringContaining('warning: it was taken, although its body is wrong'),
    })
  })

  it('forward a call to an API under its own path and host, where these are signed', async () => {
    const secret = Buffer.alloc(32, 1).toString('base64')
    const api = await target()
    const { port, origin } = await listener(['-s', 'qredo-v1', '--forward-to', `:${api.port}`], secret)
    expect(await trigger(['qredo-v1', `:${port}/v1/orders`, '-k', 'K1'], secret)).toMatchObject({ code: 0 })
    expect(api.received).toMatchObject([
      { method: 'GET', url: '/v1/orders?limit=10', headers: { host: `localhost:${port}`, 'qredo-api-key': 'K1' } },
    ])
    // A tunnel's name is not known until it is said.
    const tunnel = 'https://tunnel.example.net'
    const { headers } = createSigner(qredoV1, { keyId: 'K1', secret }).sign({ method: 'GET', url: `${tunnel}/x` })
    const call = (to: string) => fetch(`${to}/x`, { headers: { ...headers } }).then(({ status }) => status)
    expect(await call(origin)).toBe(401)
    const behind = await listener(['-s', 'qredo-v1', '--forward-to', `:${api.port}`, '--origin', tunnel], secret)
    expect(await call(behind.origin)).toBe(200)
    expect(await run('countersign', ['listen', '-s', 'qredo-v1', '--forward-to', ':1/hook'], { env: environment(secret) })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[forward-path]'),
    })
  })

  it('forward an event that comes again, and say that it does', async () => {
    const api = await target()
    const { origin, entries } = await listener(['-s', 'stripe', '--forward-to', `:${api.port}`, '--json'], SECRETS.stripe)
    const signer = createSigner(stripe, { secret: SECRETS.stripe })
    const body = '{"id":"evt_1","type":"invoice.paid"}'
    const { headers } = signer.sign({ method: 'POST', url: origin, body })
    for (let count = 0; count < 2; count++)
      expect((await fetch(origin, { method: 'POST', headers: { ...headers }, body })).status).toBe(200)
    const later = signer.withClock(() => Date.now() + 2000).sign({ method: 'POST', url: origin, body })
    expect((await fetch(origin, { method: 'POST', headers: { ...later.headers }, body })).status).toBe(200)
    expect((await entries(3)).map(({ repeats }) => repeats)).toEqual([null, 'call', 'event'])
    expect(api.received).toHaveLength(3)
  })

  it('say plainly that the target is not there, or is too slow', async () => {
    const nobody = await freePort()
    const { port, printed } = await listener(['-s', 'stripe', '--forward-to', `:${nobody}`], SECRETS.stripe)
    expect(await trigger(['stripe', `:${port}`], SECRETS.stripe)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^502 Bad Gateway/),
    })
    await printed(`localhost:${nobody} gave no whole answer: nothing listens there`)
    const silent = await target(() => undefined)
    const patient = await listener(['-s', 'stripe', '--forward-to', `:${silent.port}`, '--timeout', '1'], SECRETS.stripe)
    expect(await trigger(['stripe', `:${patient.port}`], SECRETS.stripe)).toMatchObject({ code: 1, stdout: expect.stringMatching(/^504 /) })
    await patient.printed('no sign within 1 s')
    const broken = await target(response => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('half')
      setTimeout(() => response.destroy(), 50)
    })
    const cut = await listener(['-s', 'stripe', '--forward-to', `:${broken.port}`], SECRETS.stripe)
    expect(await trigger(['stripe', `:${cut.port}`], SECRETS.stripe)).not.toMatchObject({ code: 0 })
    await cut.printed('gave no whole answer: it was broken off')
  })

  it('forward what does not hold only where they are told to', async () => {
    const api = await target()
    const { port, printed } = await listener(['-s', 'slack', '--forward-to', `:${api.port}`, '--forward-unverified'], 's'.repeat(32))
    const ours = await trigger(['slack', `:${port}`, 'command', '--break', 'secret'], 's'.repeat(32))
    expect(ours).toMatchObject({ code: 0, stdout: '200 OK  taken\n' })
    expect(await (await fetch(`http://127.0.0.1:${port}/unsigned`, { method: 'POST', body: 'plain' })).text()).toBe('taken')
    await printed('It was forwarded all the same')
    expect(api.received.map(({ body }) => body.toString())).toEqual([expect.stringContaining('command=%2Fdeploy'), 'plain'])
    expect(await run('countersign', ['listen', '-s', 'slack', '--forward-unverified'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[forward-to-missing]'),
    })
  })

  it('refuse a port that is taken, and a target that is the listener itself', async () => {
    const { port } = await listener(['-s', 'stripe'], SECRETS.stripe)
    const again = ['listen', '-s', 'stripe', '--port', String(port)]
    expect(await run('countersign', again, { env: environment(SECRETS.stripe) })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[port-taken]'),
    })
    const free = await freePort()
    const itself = ['listen', '-s', 'stripe', '--port', String(free), '--forward-to', `localhost:${free}/hook`]
    expect(await run('countersign', itself, { env: environment(SECRETS.stripe) })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[forward-to-itself]'),
    })
    expect(
      await run('countersign', ['listen', '-s', 'stripe'], {
        env: { ...environment(''), COUNTERSIGN_SECRET: undefined },
      }),
    ).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[secret-missing]'),
    })
  })

  it('blot a secret out that a sender puts into a body, and let no sender write to the terminal', async () => {
    const { origin, printed, text } = await listener(['-s', 'stripe', '--print'], SECRETS.stripe)
    const body = JSON.stringify({ type: `evil\u001b]0;title\u0007\u009b31m\u202e`, leaked: SECRETS.stripe })
    const { headers } = createSigner(stripe, { secret: SECRETS.stripe }).sign({ method: 'POST', url: origin, body })
    await fetch(origin, { method: 'POST', headers: { ...headers }, body: body.replace('evil', 'even') })
    await fetch(`${origin}/%1b?${'x'.repeat(300)}`, { method: 'POST', headers: { ...headers }, body })
    await printed('"leaked":"[secret]"')
    await printed('evil\\u001b]0;title\\u0007\\u009b31m\\u202e')
    await printed('right message')
    expect(text()).not.toContain(SECRETS.stripe)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is there is what is tested
    expect(text()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  })

  it('never show a passphrase that is a part of what is signed or sent', async () => {
    const passphrase = 'a passphrase nobody sees'
    const credentials = { keyId: 'K1', secret: 'kucoin-secret-0123456789', passphrase }
    const { origin, printed, text } = await listener(['-s', 'kucoin', '--passphrase', passphrase, '--print'], credentials.secret)
    const { headers } = createSigner(kucoin, { ...credentials, secret: 'another-secret-0123456789' }).sign({
      method: 'GET',
      url: `${origin}/api`,
    })
    expect((await fetch(`${origin}/api`, { headers: { ...headers } })).status).toBe(401)
    await printed('refused')
    expect(text()).not.toContain(passphrase)
    expect(text()).not.toContain(credentials.secret)
  })

  it('go on whatever comes in: no HTTP, huge heads, endless bodies, wrong lengths, clients that leave', async () => {
    const api = await target()
    const { port, origin, isRunning, printed } = await listener(
      ['-s', 'github', '--forward-to', `:${api.port}`, '--max-body', '1000'],
      SECRETS.github,
    )
    const speak = async (...pieces: readonly string[]): Promise<string> => {
      const socket = connect(port, '127.0.0.1')
      let answer = ''
      socket.setEncoding('latin1').on('data', (piece: string) => {
        answer += piece
      })
      socket.on('error', () => undefined)
      for (const piece of pieces) socket.write(piece)
      const timer = setTimeout(() => socket.destroy(), 5_000)
      await new Promise(resolve => socket.on('close', resolve))
      clearTimeout(timer)
      return answer
    }
    const { headers } = createSigner(github, { secret: SECRETS.github }).sign({ method: 'POST', url: origin, body: '{}' })
    const signed = Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')
    const head = 'POST / HTTP/1.1\r\nHost: x\r\n'

    expect(await speak('\r\n\r\n \r\n')).toMatch(/^HTTP\/1\.1 400 /)
    expect(await speak('\u0000\u0001\u0002\u0003'.repeat(1000))).toMatch(/^HTTP\/1\.1 400 /)
    expect(await speak(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /)
    expect(await speak(`${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`)).toMatch(/^HTTP\/1\.1 400 /)
    expect(await speak(`${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /)
    expect(await speak(`${head}${signed}Content-Length: 1000000000\r\n\r\n${'a'.repeat(5000)}`)).toMatch(/^HTTP\/1\.1 413 /)
    expect(
      await speak(
        `${head}${signed}Transfer-Encoding: chunked\r\n\r\n`,
        ...Array.from({ length: 50 }, () => `400\r\n${'a'.repeat(1024)}\r\n`),
      ),
    ).toMatch(/^HTTP\/1\.1 413 /)
    expect(await speak(`${head}${signed}Connection: close, x-hub-signature-256\r\nContent-Length: 2\r\n\r\n{}`)).toMatch(
      /^HTTP\/1\.1 400 [\s\S]*connection-header/,
    )
    expect(await speak(`${head}${signed}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`)).toMatch(/^HTTP\/1\.1 400 /)
    expect(await speak('CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n')).toBe('')
    // Thousands of requests in one piece: the connection is closed, or each is answered.
    await speak('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3000))
    // A client that leaves in the middle of its body.
    const leaver = connect(port, '127.0.0.1')
    leaver.on('error', () => undefined)
    leaver.write(`${head}${signed}Content-Length: 100\r\n\r\n{`, () => leaver.destroy())
    await new Promise(resolve => leaver.on('close', resolve))
    await printed('refused body-incomplete')

    expect(api.received).toEqual([])
    expect(isRunning()).toBe(true)
    expect(await trigger(['github', `:${port}`, '-d', '{}'], SECRETS.github)).toMatchObject({ code: 0 })
    expect(api.received).toHaveLength(1)
  })

  it.each([
    ['a control character in its reason phrase', 'HTTP/1.1 299 \u001b[31mred\r\ncontent-length: 2\r\n\r\nok', 299],
    ['another protocol, for which nobody asked', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n', 502],
    ['no HTTP', 'hello\r\n\r\n', 502],
    ['a header that is none', 'HTTP/1.1 200 OK\r\nbad header\r\n\r\n', 502],
    ['half an answer', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf', undefined],
  ])('go on where the target answers with %s', async (_what, raw, status) => {
    const rawTarget = createServer(socket => socket.on('error', () => undefined).end(raw, 'latin1')).listen(0, '127.0.0.1')
    await once(rawTarget, 'listening')
    running.push({ ...(await startTarget()), close: () => void rawTarget.close() })
    const forwardTo = `:${(rawTarget.address() as AddressInfo).port}`
    const { origin, entries, isRunning } = await listener(['-s', 'github', '--json', '--forward-to', forwardTo], SECRETS.github)
    // More than there are places, so that each has to be given back.
    for (let count = 1; count <= 40; count++) {
      const { headers } = createSigner(github, { secret: SECRETS.github }).sign({ method: 'POST', url: origin, body: '{}' })
      const answer = await fetch(origin, { method: 'POST', headers: { ...headers }, body: '{}' }).then(
        async response => [response.status, await response.text().catch(() => 'broken off')][0],
        () => undefined,
      )
      if (status !== undefined) expect(answer).toBe(status)
    }
    expect(await entries(40)).toHaveLength(40)
    expect(isRunning()).toBe(true)
  })

  it('hand on no header that the target names as one of its connection', async () => {
    const api = await target(response =>
      response.writeHead(200, { connection: 'close, X-Internal', 'x-internal': 'of the hop', 'x-kept': 'yes' }).end(),
    )
    const { origin } = await listener(['-s', 'github', '--forward-to', `:${api.port}`], SECRETS.github)
    const { headers } = createSigner(github, { secret: SECRETS.github }).sign({ method: 'POST', url: origin, body: '{}' })
    const answer = await fetch(origin, { method: 'POST', headers: { ...headers }, body: '{}' })
    expect([answer.headers.get('x-internal'), answer.headers.get('x-kept')]).toEqual([null, 'yes'])
  })

  it('blot a secret out in the spelling of a URL too, and before a text is cut off', async () => {
    const secret = 'p@ss/phrase+1 of the hook'
    const { origin, entries, text } = await listener(['-s', 'github', '--json'], secret)
    const at = (length: number): string => `${'x'.repeat(length)}${secret}`
    await fetch(`${origin}/${encodeURIComponent(secret)}?${new URLSearchParams({ s: secret })}`, { method: 'POST', body: '{}' })
    await fetch(`${origin}/${'y'.repeat(100)}${encodeURIComponent(secret)}`, {
      method: 'POST',
      headers: { 'x-github-event': at(90).replaceAll('\n', '') },
      body: JSON.stringify({ type: at(90), padding: at(16_370) }),
    })
    await entries(2)
    for (const spelling of [secret, encodeURIComponent(secret), 'p@ss/ph', 'p%40ss']) expect(text()).not.toContain(spelling)
  })

  it('lay out no JSON that is nested so deep that it would fill the terminal', async () => {
    const { origin, printed, text } = await listener(['-s', 'github', '--print'], SECRETS.github)
    await fetch(origin, { method: 'POST', body: '['.repeat(8_000) + ']'.repeat(8_000) })
    await printed('refused')
    expect(text().length).toBeLessThan(100_000)
  })

  it('tell of requests that are refused without a look at the signature', async () => {
    const { port, entries } = await listener(['-s', 'github', '--json'], SECRETS.github)
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.end('POST /x HTTP/1.1\r\nHost: x\r\nConnection: close, x-hub-signature-256\r\nContent-Length: 0\r\n\r\n')
    const [entry] = await entries(1)
    expect(entry).toMatchObject({ method: 'POST', target: '/x', ok: false, failure: { code: 'connection-header' }, status: 400 })
  })

  it('end with Ctrl+C, also while a call is forwarded', async () => {
    const silent = await target(() => undefined)
    const { port, stop } = await listener(['-s', 'stripe', '--forward-to', `:${silent.port}`], SECRETS.stripe)
    const waiting = trigger(['stripe', `:${port}`], SECRETS.stripe)
    await expect.poll(() => silent.received.length, { timeout: 20_000 }).toBe(1)
    expect(await stop()).toBe(0)
    expect(await waiting).toMatchObject({ code: 3 })
  })
})

describe('countersign trigger', () => {
  it('sends so many events, each with an id of its own', async () => {
    const api = await target()
    const sent = await trigger(['stripe', `:${api.port}/hook`, 'customer.created', '--times', '3', '--json'], SECRETS.stripe)
    expect(
      sent.stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toEqual(Array.from({ length: 3 }, () => ({ status: 200, body: 'taken', isCut: false })))
    const events = api.received.map(one => OWN_LIBRARY.stripe(one, SECRETS.stripe) as Stripe.Event)
    expect(new Set(events.map(({ id }) => id)).size).toBe(3)
    expect(events.map(({ type }) => type)).toEqual(Array.from({ length: 3 }, () => 'customer.created'))
  })

  it('lists its events in its help', async () => {
    const { stdout } = await run('countersign', ['trigger', '--help'])
    for (const [scheme, { events }] of PROVIDERS)
      expect(stdout).toMatch(new RegExp(`^  ${scheme} +${Object.keys(events).join(', ')}$`, 'm'))
  })

  it('says what it can not send, and ends as send does', async () => {
    const nobody = await freePort()
    const cases: readonly [readonly string[], number, string][] = [
      [['stripe', ':1', 'none.such'], 2, 'one of payment_intent.succeeded'],
      [['none', ':1'], 2, '[scheme-unknown]'],
      [['qredo-v1', ':1', 'push', '-k', 'k'], 2, '[event-unused]'],
      [['qredo-v1', ':1'], 2, '[api-key-missing]'],
      [['stripe', 'nowhere'], 2, '[url-malformed]'],
      [['stripe', ':1', '-d', 'no json', '--break', 'json'], 2, '[break-not-possible]'],
      [['stripe', ':1', '--times', '0'], 2, '[number-malformed]'],
      [['stripe', `:${nobody}`], 3, '[network]'],
    ]
    for (const [args, code, said] of cases)
      expect(await trigger(args, Buffer.alloc(32).toString('base64')), args.join(' ')).toMatchObject({
        code,
        stderr: expect.stringContaining(said),
      })
    const moved = await target(response => response.writeHead(302, { location: '/elsewhere' }).end())
    expect(await trigger(['stripe', `:${moved.port}`], SECRETS.stripe)).toMatchObject({ code: 1, stdout: '302 Found\n' })
    expect(moved.received).toHaveLength(1)
  })

  it('signs with another key of the same kind to be refused, for key pairs as well', async () => {
    const { generateKeyPairSync } = await import('node:crypto')
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const [own, open] = [join(folder, 'own.pem'), join(folder, 'open.pem')]
    writeFileSync(own, privateKey.export({ type: 'pkcs8', format: 'pem' }))
    writeFileSync(open, publicKey.export({ type: 'spki', format: 'pem' }))
    const { port, entries } = await listener(['-s', 'rfc9421', '--public-key-file', open, '--json'], '')
    const call = ['rfc9421', `:${port}/v1/orders`, '-k', 'K1', '--private-key-file', own]
    expect(await trigger(call, '')).toMatchObject({ code: 0 })
    expect(await trigger([...call, '--break', 'secret'], '')).toMatchObject({ code: 1 })
    expect(await entries(2)).toMatchObject([
      { ok: true, keyId: 'K1' },
      { ok: false, failure: { code: 'bad-signature' }, explanation: null },
    ])
  })

  it('knows the same signature that the library makes for a fixed body', async () => {
    const api = await target()
    await trigger(['slack', `:${api.port}`, 'command'], 's'.repeat(32))
    const [received] = api.received
    if (received === undefined) throw new Error('Nothing arrived.')
    const { headers, body } = received
    const again = createSigner(slack, { secret: 's'.repeat(32) }).sign({
      method: 'POST',
      url: 'https://example.com',
      body: Uint8Array.from(body),
      timestamp: String(headers['x-slack-request-timestamp']),
    })
    expect(headers).toMatchObject({ ...again.headers, 'content-type': 'application/x-www-form-urlencoded' })
  })
})
