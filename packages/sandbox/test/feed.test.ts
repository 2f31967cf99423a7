import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createSigner, type Signer } from 'countersign'
import { qredoTokenClient } from 'countersign/qredo'
import { qredoV1, rfc9421 } from 'countersign/schemes'
import { signUpgrade } from 'countersign/websocket'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type Sandbox, V1_BASE, V2_BASE } from '../src/index.ts'
import { PATH } from '../src/transactions/lifecycle.ts'
import { ACTOR, advance, cleanUp, client, demoKey, start, stop, time, transactionOf, walletOf } from './sandbox.ts'

cleanUp()

interface Message {
  readonly sequence: number
  readonly txID: string
  readonly status: string
  readonly snapshot?: boolean
}

interface Reader {
  readonly socket: WebSocket
  readonly messages: Message[]
  /** Waits until so many have come. */
  until(count: number): Promise<Message[]>
}

function signerOf(sandbox: Sandbox, name = 'demo', scheme = qredoV1 as Parameters<typeof createSigner>[0]): Signer {
  const { id: keyId, secret } = demoKey(sandbox, name)
  return createSigner(scheme, { keyId, secret }, { clock: () => time.now })
}

/** Opens a feed, and waits until it is open. */
async function open(
  sandbox: Sandbox,
  { query = '', signer = signerOf(sandbox), sign }: { query?: string; signer?: Signer; sign?: 'http' | 'ws' } = {},
): Promise<Reader> {
  time.now += 1
  const target = `${sandbox.origin.replace('http', 'ws')}${V1_BASE}/transactions/feed${query}`
  const { url, headers } = await signUpgrade(signer, target, { sign })
  return read(new WebSocket(url, { headers }))
}

async function read(socket: WebSocket): Promise<Reader> {
  const messages: Message[] = []
  const waiting = new Set<() => void>()
  socket.on('message', text => {
    messages.push(JSON.parse(String(text)) as Message)
    for (const look of waiting) look()
  })
  await once(socket, 'open')
  return {
    socket,
    messages,
    until: count =>
      new Promise(resolve => {
        const look = (): void => {
          if (messages.length < count) return
          waiting.delete(look)
          resolve(messages)
        }
        waiting.add(look)
        look()
      }),
  }
}

/** How an upgrade is refused. */
function refusal(url: string, headers: Record<string, string>): Promise<{ status: number | undefined; body: { code?: string } }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers })
    socket.on('error', reject)
    socket.on('open', () => reject(new Error('it was opened')))
    socket.on('unexpected-response', (_, response) => {
      let text = ''
      response.on('data', piece => {
        text += piece
      })
      response.on('end', () => resolve({ status: response.statusCode, body: JSON.parse(text) as { code?: string } }))
    })
  })
}

async function submit(sandbox: Sandbox, more: Record<string, unknown> = {}): Promise<string> {
  time.now += 1
  return String((await client(sandbox)('POST', '/transaction', transactionOf(sandbox, more))).body['txID'])
}

describe('the feed', () => {
  it.each(['http', 'ws', undefined] as const)('tells of every change in order, whichever form of its URL is signed (%s)', async sign => {
    const sandbox = await start()
    const feed = await open(sandbox, sign === undefined ? {} : { sign })
    const [one, two] = [await submit(sandbox), await submit(sandbox)]
    await advance(sandbox, 11)
    const messages = await feed.until(20)
    for (const id of [one, two]) expect(messages.filter(({ txID }) => txID === id).map(({ status }) => status)).toEqual(PATH)
    expect(messages.map(({ sequence }) => sequence)).toEqual([...messages.map(({ sequence }) => sequence)].sort((a, b) => a - b))
    expect(messages.at(-1)).toMatchObject({ txHash: expect.stringMatching(/^0x/) as string, message: 'The transaction is final.' })
    feed.socket.terminate()
  })

  it('opens for RFC 9421 and for a token of v2, too', async () => {
    const sandbox = await start()
    const byRfc = await open(sandbox, { signer: signerOf(sandbox, 'demo-rfc9421', rfc9421) })
    const { id: keyId, secret } = demoKey(sandbox)
    const tokens = qredoTokenClient({
      baseUrl: sandbox.origin + V2_BASE,
      workspaceId: sandbox.workspaceId,
      keyId,
      secret,
      clock: () => time.now,
    })
    const byToken = await read(
      new WebSocket(`${sandbox.origin.replace('http', 'ws')}${V2_BASE}/transactions/feed`, {
        headers: { 'x-token': await tokens.token() },
      }),
    )
    const id = await submit(sandbox)
    for (const feed of [byRfc, byToken]) {
      expect(await feed.until(1)).toMatchObject([{ txID: id, status: 'created' }])
      feed.socket.terminate()
    }
  })

  it('begins with how what is running stands', async () => {
    const sandbox = await start()
    const done = await submit(sandbox)
    await advance(sandbox, 12)
    const running = await submit(sandbox)
    await advance(sandbox, 2)
    const feed = await open(sandbox)
    expect(await feed.until(1)).toMatchObject([{ txID: running, status: 'pending', snapshot: true }])
    await advance(sandbox, 1)
    expect((await feed.until(2)).slice(1)).toMatchObject([{ txID: running, status: 'authorized' }])
    expect(feed.messages.some(({ txID }) => txID === done)).toBe(false)
    feed.socket.terminate()
  })

  it('goes on after the last message seen, and loses nothing while it is closed or catches up', async () => {
    // Steps of a second, so that what is signed meanwhile does not get too old.
    const sandbox = await start({ stepMs: 1000 })
    for (let count = 0; count < 30; count++) await submit(sandbox)
    await advance(sandbox, 5, 1000)
    const seen: Message[] = []
    // A client that comes and goes while things move.
    const moving = (async () => {
      for (let step = 0; step < 8; step++) await advance(sandbox, 1, 1000)
    })()
    let since = 0
    while (seen.length < 300) {
      const feed = await open(sandbox, { query: `?since=${since}` })
      const messages = await feed.until(Math.min(37, 300 - seen.length))
      seen.push(...messages)
      since = messages.at(-1)?.sequence ?? 0
      feed.socket.terminate()
    }
    await moving
    expect(new Set(seen.map(({ sequence }) => sequence)).size).toBe(seen.length)
    for (const id of new Set(seen.map(({ txID }) => txID)))
      expect(seen.filter(({ txID }) => txID === id).map(({ status }) => status)).toEqual(PATH)
  })

  it('shows a key what it may see, and nothing else', async () => {
    const sandbox = await start()
    const { id: walletId } = await walletOf(sandbox, 'MATIC-TESTNET')
    const made = await sandbox.service.keys.create(ACTOR, sandbox.workspaceId, { name: 'n', permissions: ['web3'], walletId })
    const narrowed = await open(sandbox, {
      query: '?since=0',
      signer: createSigner(qredoV1, { keyId: made.key.id, secret: made.secret ?? '' }, { clock: () => time.now }),
    })
    const person = await open(sandbox, { signer: signerOf(sandbox, 'demo-person') })
    const all = await open(sandbox)
    await submit(sandbox)
    const from = (await walletOf(sandbox, 'MATIC-TESTNET')).address
    const own = await submit(sandbox, { from })
    await all.until(2)
    expect(await narrowed.until(1)).toMatchObject([{ txID: own, walletID: walletId }])
    await new Promise(resolve => setTimeout(resolve, 50))
    expect([narrowed.messages.length, person.messages.length]).toEqual([1, 0])
    for (const feed of [narrowed, person, all]) feed.socket.terminate()
  })

  it('refuses before there is a WebSocket, in the shape of all refusals', async () => {
    const sandbox = await start()
    const base = sandbox.origin.replace('http', 'ws')
    const path = `${V1_BASE}/transactions/feed`
    expect(await refusal(base + path, {})).toMatchObject({ status: 401, body: { code: 'missing-header' } })
    expect(await refusal(`${base}/elsewhere`, {})).toMatchObject({ status: 404, body: { code: 'not-found' } })
    expect(await refusal(`${base}${V2_BASE}/transactions/feed`, { 'x-token': 'a.b.c' })).toMatchObject({ status: 401 })
    const denied = await signUpgrade(signerOf(sandbox, 'demo-balance'), base + path)
    expect(await refusal(denied.url, { ...denied.headers })).toMatchObject({ status: 403, body: { code: 'permission-denied' } })
    const bad = await signUpgrade(signerOf(sandbox), `${base}${path}?since=-1`)
    expect(await refusal(bad.url, { ...bad.headers })).toMatchObject({ status: 400, body: { code: 'invalid-query' } })
    const twice = await signUpgrade(signerOf(sandbox), base + path)
    const first = await read(new WebSocket(twice.url, { headers: twice.headers }))
    expect(await refusal(twice.url, { ...twice.headers })).toMatchObject({ status: 401, body: { code: 'replayed' } })
    first.socket.terminate()
    expect((await client(sandbox)('GET', '/balance')).status).toBe(200)
  })

  it.each([
    ['unsigned', `${V1_BASE}/transactions/feed`, '', 401],
    ['at no feed', '/elsewhere', '', 404],
    ['with bytes behind it', `${V1_BASE}/transactions/feed`, 'x'.repeat(100_000), 401],
  ])('answers a refused client whole and lets go of it, though it leaves its own side open: %s', async (_name, path, behind, status) => {
    const sandbox = await start()
    const socket = connect({ port: sandbox.port, host: '127.0.0.1', allowHalfOpen: true })
    const upgrade = { host: new URL(sandbox.origin).host, connection: 'upgrade', upgrade: 'websocket' }
    const lines = Object.entries(upgrade).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n${behind}`)
    let answer = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text
    })
    socket.on('error', () => undefined)
    await once(socket, 'end')
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ code: expect.any(String) as string })
    // It would wait for the connection.
    await stop(sandbox)
    socket.destroy()
  })

  it('is closed to a key that is revoked, and to a client that does not answer pings', async () => {
    const sandbox = await start({ heartbeatMs: 40 })
    const { key, secret } = await sandbox.service.keys.create(ACTOR, sandbox.workspaceId, { name: 'r', permissions: ['read_only'] })
    const feed = await open(sandbox, { signer: createSigner(qredoV1, { keyId: key.id, secret: secret ?? '' }, { clock: () => time.now }) })
    const other = await open(sandbox)
    const closed = once(feed.socket, 'close')
    await sandbox.service.keys.setState(ACTOR, sandbox.workspaceId, key.id, 'revoked')
    expect((await closed)[0]).toBe(1008)
    // One that is dead: it reads nothing, so it sees no ping.
    const dead = await open(sandbox)
    dead.socket.pause()
    await expect.poll(() => sandbox.feed.size).toBe(1)
    expect(other.socket.readyState).toBe(WebSocket.OPEN)
    dead.socket.terminate()
    other.socket.terminate()
  })

  it('cuts off who reads too slowly, and goes on with the others', async () => {
    const sandbox = await start({ maxBufferedBytes: 200_000 })
    const [slow, fast] = [await open(sandbox), await open(sandbox)]
    slow.socket.pause()
    const closed = once(slow.socket, 'close')
    // As much as the connection itself takes is not seen by the server.
    const id = await submit(sandbox)
    const message = 'x'.repeat(100_000)
    for (let sent = 1; sandbox.feed.size > 1 && sent < 500; sent++) {
      await sandbox.store
        .insertInto('web3_transaction_event')
        .values({ id: randomUUID(), transaction_id: id, status: 'created', message, at: time.now })
        .execute()
      sandbox.feed.changed()
      await fast.until(sent + 1)
    }
    expect(sandbox.feed.size).toBe(1)
    slow.socket.resume()
    expect((await closed)[0]).toBe(1013)
    // What it did read has no gap, so that it can go on.
    const sequences = slow.messages.map(({ sequence }) => sequence)
    expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] ?? 0) + index))
    const after = await open(sandbox, { query: `?since=${sequences.at(-1)}` })
    const next = await submit(sandbox)
    expect((await after.until(1))[0]).toMatchObject({ sequence: (sequences.at(-1) ?? 0) + 1, txID: next })
    after.socket.terminate()
    fast.socket.terminate()
  })

  it('says goodbye when the sandbox stops', async () => {
    const sandbox = await start()
    const feed = await open(sandbox)
    const closed = once(feed.socket, 'close')
    await stop(sandbox)
    expect((await closed)[0]).toBe(1001)
  })
})
