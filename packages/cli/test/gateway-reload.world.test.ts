import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSigner, defineScheme } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { hasRedis, startRedis, type TestRedis } from '../../server/test/redis.ts'
import { freePort, removeFolder, run } from './command.ts'

const bin = fileURLToPath(new URL('../bin/countersign.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'countersign-reload-'))
const store = join(folder, 'keys.db')
const file = join(folder, 'gateway.json')
const ORIGIN = 'https://api.example.com'
const upstreams: Server[] = []
let caller: { keyId: string; secret: string }
let running: Running | undefined

interface Running {
  readonly child: ChildProcess
  readonly log: () => string
  readonly port: number
}

async function startUpstream(name: string): Promise<string> {
  const server = createServer((request, response) =>
    request.resume().on('end', () => setTimeout(() => response.writeHead(200, { upstream: name }).end(name), 5)),
  )
  upstreams.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function startGateway(settings: object, ...args: readonly string[]): Promise<Running> {
  const port = await freePort()
  writeFileSync(file, JSON.stringify(settings))
  const child = spawn(process.execPath, [bin, 'gateway', '--config', file, '--port', String(port), '--store', store, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let text = ''
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  running = { child, log: () => text, port }
  const listens = () => (text.match(/"msg":"listening"/g) ?? []).length
  const wanted = args.includes('--workers') ? Number(args[args.indexOf('--workers') + 1]) : 1
  await expect.poll(listens, { timeout: 30_000 }).toBe(wanted)
  return running
}

/** One call on a kept connection; what went wrong in the place of a status. */
function call(agent: Agent, port: number): Promise<{ status: number | string; upstream: unknown }> {
  const { headers } = createSigner(qredoV1, caller).sign({ method: 'GET', url: `${ORIGIN}/` })
  return new Promise(resolve => {
    request({ agent, port, host: '127.0.0.1', path: '/', headers: { ...headers } }, response => {
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, upstream: response.headers['upstream'] }))
      response.on('error', error => resolve({ status: error.message, upstream: undefined }))
    })
      .on('error', error => resolve({ status: error.message, upstream: undefined }))
      .end()
  })
}

describe.skipIf(!hasRedis)('countersign gateway on SIGHUP (needs redis-server)', () => {
  let redis: TestRedis
  let first = ''
  let second = ''

  beforeAll(async () => {
    redis = await startRedis()
    const made = await run('countersign', ['keys', 'create', 'k', '--store', store, '--json'])
    const { key, secret } = JSON.parse(made.stdout) as { key: { id: string }; secret: string }
    caller = { keyId: key.id, secret }
    ;[first, second] = await Promise.all([startUpstream('first'), startUpstream('second')])
  })
  afterEach(async () => {
    const { child } = running ?? {}
    running = undefined
    if (child === undefined || child.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  afterAll(async () => {
    for (const server of upstreams) server.close()
    await redis.close()
    removeFolder(folder)
  })

  /** Calls on kept connections until it is told to stop. */
  function load(port: number): {
    readonly upstreams: Set<unknown>
    stop(): Promise<{ readonly lost: readonly unknown[]; readonly calls: number }>
  } {
    const agent = new Agent({ keepAlive: true, maxSockets: 8 })
    const lost: unknown[] = []
    const seen = new Set<unknown>()
    let calls = 0
    let isOver = false
    const callers = Array.from({ length: 8 }, async (_, at) => {
      while (!isOver) {
        const { status, upstream } = await call(agent, port)
        calls++
        if (status === 200) seen.add(upstream)
        else lost.push(status)
        // Some connections are idle for a while.
        if (at % 2 === 1) await new Promise(resolve => setTimeout(resolve, at * 20))
      }
    })
    return {
      upstreams: seen,
      async stop() {
        isOver = true
        await Promise.all(callers)
        agent.destroy()
        return { lost, calls }
      },
    }
  }

  it.each<[string, readonly string[]]>([
    ['in its own process', []],
    ['by replacing its processes one by one', ['--workers', '3']],
  ])('takes new settings %s, and not a request of eight busy clients is lost', { timeout: 120_000 }, async (_, more) => {
    const { child, log, port } = await startGateway({ upstream: first, origin: ORIGIN, redis: redis.url, drainMs: 5_000 }, ...more)
    const agent = new Agent({ keepAlive: true })
    // What was signed before the memory of Redis began is refused.
    await expect.poll(async () => (await call(agent, port)).status, { timeout: 10_000 }).toBe(200)
    const clients = load(port)
    await expect.poll(() => [...clients.upstreams], { timeout: 10_000 }).toEqual(['first'])
    for (const [to, name] of [
      [second, 'second'],
      [first, 'first'],
    ] as const) {
      writeFileSync(file, JSON.stringify({ upstream: to, origin: ORIGIN, redis: redis.url, drainMs: 5_000 }))
      const rounds = () => (log().match(/settings read again/g) ?? []).length
      const before = rounds()
      child.kill('SIGHUP')
      await expect.poll(rounds, { timeout: 60_000 }).toBe(before + 1)
      clients.upstreams.clear()
      await expect
        .poll(
          async () => {
            clients.upstreams.clear()
            await new Promise(resolve => setTimeout(resolve, 300))
            return [...clients.upstreams]
          },
          { timeout: 20_000 },
        )
        .toEqual([name])
    }
    const { lost, calls } = await clients.stop()
    agent.destroy()
    expect(lost).toEqual([])
    expect(calls).toBeGreaterThan(100)
    child.kill('SIGTERM')
    expect((await once(child, 'exit'))[0]).toBe(0)
  })

  it.each<[string, readonly string[]]>([
    ['alone', []],
    ['with two processes', ['--workers', '2']],
  ])('says what is wrong with new settings and goes on with the old ones, %s', { timeout: 60_000 }, async (_, more) => {
    const good = { upstream: first, origin: ORIGIN, redis: redis.url }
    const { child, log, port } = await startGateway(good, ...more)
    const agent = new Agent()
    await expect.poll(async () => (await call(agent, port)).status, { timeout: 10_000 }).toBe(200)
    for (const [wrong, code] of [
      ['{"upstream', 'config-malformed'],
      [JSON.stringify({ ...good, orgin: ORIGIN }), 'config-invalid'],
      [JSON.stringify({ ...good, routes: [{ path: '/', schemes: ['none'] }] }), 'scheme-unknown'],
      [JSON.stringify({ ...good, maxHeldBytes: 99_999_999 }), 'settings-want-start'],
    ] as const) {
      writeFileSync(file, wrong)
      child.kill('SIGHUP')
      await expect.poll(log, { timeout: 20_000 }).toContain(code)
      expect(await call(agent, port)).toEqual({ status: 200, upstream: 'first' })
    }
    expect(log()).not.toContain('settings read again')
  })

  it('tells of all its processes on one admin port: counts never fall, and are exact, whoever ends', { timeout: 120_000 }, async () => {
    const adminPort = await freePort()
    const { child, log, port } = await startGateway(
      { upstream: first, origin: ORIGIN, redis: redis.url, drainMs: 5_000, adminPort },
      '--workers',
      '3',
    )
    const admin = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${adminPort}${path}`)
      return { status: answer.status, text: await answer.text() }
    }
    const passed = async () => {
      const { text } = await admin('/metrics')
      return Number(
        /^countersign_gateway_requests_total\{outcome="passed",code="2xx",route="\/",scheme="qredo-v1"\} (\d+)$/m.exec(text)?.[1] ?? 0,
      )
    }
    const agent = new Agent()
    await expect.poll(async () => (await call(agent, port)).status, { timeout: 10_000 }).toBe(200)
    expect(await admin('/health')).toEqual({ status: 200, text: 'ok\n' })
    expect(await admin('/ready')).toEqual({ status: 200, text: 'ready: 3 of 3 processes\n' })
    const begun = await passed()
    let sent = 0
    const counts: number[] = []
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(Array.from({ length: 12 }, () => call(agent, port)))
      sent += answers.filter(({ status }) => status === 200).length
      counts.push(await passed())
      expect(counts.at(-1)).toBe(begun + sent)
    }
    expect(sent).toBe(120)
    const [victim] = [...log().matchAll(/"pid":(\d+),"port"/g)].map(([, pid]) => Number(pid))
    process.kill(victim ?? 0, 'SIGKILL')
    await expect.poll(async () => (await admin('/ready')).text, { timeout: 20_000 }).toBe('ready: 3 of 3 processes\n')
    expect(await passed()).toBe(begun + sent)
    child.kill('SIGHUP')
    await expect.poll(() => log().includes('settings read again'), { timeout: 30_000 }).toBe(true)
    await expect.poll(async () => (await admin('/ready')).text, { timeout: 20_000 }).toBe('ready: 3 of 3 processes\n')
    const more = await Promise.all(Array.from({ length: 12 }, () => call(agent, port)))
    sent += more.filter(({ status }) => status === 200).length
    expect(await passed()).toBe(begun + sent)
    // Without Redis no process can do its work, and says so.
    await redis.stop()
    await expect.poll(async () => (await admin('/ready')).status, { timeout: 20_000 }).toBe(503)
    expect((await admin('/ready')).text).toContain('not ready: ')
    await redis.start()
    await expect.poll(async () => (await admin('/ready')).status, { timeout: 20_000 }).toBe(200)
    child.kill('SIGTERM')
    expect((await once(child, 'exit'))[0]).toBe(0)
  })

  const reloaded = async ({ child, log }: Running) => {
    const rounds = () => (log().match(/settings read again/g) ?? []).length
    const before = rounds()
    child.kill('SIGHUP')
    await expect.poll(rounds, { timeout: 60_000 }).toBe(before + 1)
  }

  const SHOP = {
    name: 'shop',
    title: 'Shop',
    docs: 'https://example.com',
    algorithm: 'hmac-sha256',
    secret: { encoding: 'base64' },
    timestamp: { formats: ['seconds'] },
    message: '{timestamp}\n{method}\n{url}\n{body|sha256|hex}',
    signature: { encoding: 'hex' },
    headers: { 'x-key': '{keyId}', 'x-time': '{timestamp}', 'x-signature': '{signature}' },
  }
  const shopFile = join(folder, 'shop.json')

  /** A scheme of one's own, beside the settings, and a key for it. */
  async function writeShop() {
    writeFileSync(shopFile, JSON.stringify(SHOP))
    const made = await run('countersign', ['keys', 'create', 'shop', '--scheme', shopFile, '--store', store, '--json'])
    const { key, secret } = JSON.parse(made.stdout) as { key: { id: string }; secret: string }
    const signer = createSigner(defineScheme(SHOP as never), { keyId: key.id, secret } as never)
    return {
      /** By a new connection. */
      async call(port: number): Promise<number> {
        const { headers } = signer.sign({ method: 'GET', url: `${ORIGIN}/` })
        return (await fetch(`http://127.0.0.1:${port}/`, { headers: { ...headers, connection: 'close' } })).status
      },
    }
  }

  const pidsOf = (log: () => string) => [...log().matchAll(/"pid":(\d+),"port"/g)].map(([, pid]) => Number(pid))

  it.each<[string, readonly string[]]>([
    ['alone', []],
    ['with two processes', ['--workers', '2']],
  ])('takes schemes of one’s own and permissions whole, %s', { timeout: 120_000 }, async (_, more) => {
    const plain = { upstream: first, origin: ORIGIN, redis: redis.url }
    const running = await startGateway(plain, ...more)
    const agent = new Agent()
    await expect.poll(async () => (await call(agent, running.port)).status, { timeout: 10_000 }).toBe(200)
    // A catalogue that opens nothing here, and then none again.
    const permissions = [{ name: 'orders:read', title: 'Read orders', description: 'Reads orders.', opens: ['GET /orders'] }]
    writeFileSync(file, JSON.stringify({ ...plain, permissions }))
    await reloaded(running)
    await expect.poll(async () => (await call(agent, running.port)).status, { timeout: 10_000 }).toBe(403)
    writeFileSync(file, JSON.stringify(plain))
    await reloaded(running)
    await expect.poll(async () => (await call(agent, running.port)).status, { timeout: 10_000 }).toBe(200)
    // A scheme that there was not when it started, with a key for it.
    const shop = await writeShop()
    writeFileSync(file, JSON.stringify({ ...plain, schemes: ['./shop.json'], routes: [{ path: '/', schemes: ['shop'] }] }))
    await reloaded(running)
    await expect.poll(() => shop.call(running.port), { timeout: 10_000 }).toBe(200)
  })

  it.each<[string, readonly string[]]>([
    ['alone', []],
    ['with two processes', ['--workers', '2']],
  ])('is not ended by SIGHUP while it starts, and not while it lets its last requests end, %s', { timeout: 120_000 }, async (_, more) => {
    const slow = createServer((request, response) => request.resume().on('end', () => setTimeout(() => response.end('late'), 1_500)))
    upstreams.push(slow.listen(0, '127.0.0.1'))
    await once(slow, 'listening')
    const to = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`
    const port = await freePort()
    writeFileSync(file, JSON.stringify({ upstream: to, origin: ORIGIN, redis: redis.url }))
    const child = spawn(process.execPath, [bin, 'gateway', '--config', file, '--port', String(port), '--store', store, ...more], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let text = ''
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
    })
    running = { child, log: () => text, port }
    // It has begun to say something, and does not listen yet, or does for a moment.
    await expect.poll(() => text.length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(0)
    child.kill('SIGHUP')
    const agent = new Agent({ keepAlive: true })
    await expect.poll(async () => (await call(agent, port)).status, { timeout: 30_000 }).toBe(200)
    const last = call(agent, port)
    await new Promise(resolve => setTimeout(resolve, 300))
    child.kill('SIGTERM')
    await expect.poll(() => text, { timeout: 10_000 }).toContain('draining')
    child.kill('SIGHUP')
    expect((await last).status).toBe(200)
    expect((await once(child, 'exit'))[0]).toBe(0)
  })

  it.each([
    ['broken', () => '{"upstream'],
    ['for another Redis', () => JSON.stringify({ upstream: second, origin: ORIGIN, redis: 'redis://127.0.0.1:1' })],
  ])('has all its processes go by the settings that it took, although the file is %s by now', { timeout: 120_000 }, async (_, text) => {
    const good = { upstream: first, origin: ORIGIN, redis: redis.url }
    const { child, log, port } = await startGateway(good, '--workers', '2')
    const agent = new Agent()
    await expect.poll(async () => (await call(agent, port)).status, { timeout: 10_000 }).toBe(200)
    writeFileSync(file, text())
    child.kill('SIGHUP')
    await expect.poll(log, { timeout: 20_000 }).toContain('settings not taken')
    const pids = () => pidsOf(log)
    for (const pid of pids()) process.kill(pid, 'SIGKILL')
    await expect.poll(() => pids().length, { timeout: 30_000 }).toBe(4)
    const signer = createSigner(qredoV1, caller)
    for (let count = 0; count < 10; count++) {
      const { headers } = signer.sign({ method: 'POST', url: `${ORIGIN}/${count}`, body: '{}' })
      const answers = []
      for (let copy = 0; copy < 3; copy++)
        answers.push(
          await fetch(`http://127.0.0.1:${port}/${count}`, { method: 'POST', headers: { ...headers, connection: 'close' }, body: '{}' }),
        )
      expect(answers.map(({ status, headers: said }) => [status, said.get('upstream')])).toEqual([
        [200, 'first'],
        [401, null],
        [401, null],
      ])
    }
  })

  it.each([
    ['another declaration, and nobody has said that', JSON.stringify({ ...SHOP, message: '{timestamp}{method}{url}' }), false],
    ['broken', '{', true],
  ])(
    'has all its processes go by the schemes that it took, although their file is %s by now',
    { timeout: 120_000 },
    async (_, text, isTold) => {
      const shop = await writeShop()
      const settings = {
        upstream: first,
        origin: ORIGIN,
        redis: redis.url,
        schemes: ['shop.json'],
        routes: [{ path: '/', schemes: ['shop'] }],
      }
      const { child, log, port } = await startGateway(settings, '--workers', '2')
      await expect.poll(() => shop.call(port), { timeout: 10_000 }).toBe(200)
      writeFileSync(shopFile, text)
      if (isTold) {
        child.kill('SIGHUP')
        await expect.poll(log, { timeout: 20_000 }).toContain('settings not taken')
      }
      const [one] = pidsOf(log)
      process.kill(one ?? 0, 'SIGKILL')
      await expect.poll(() => pidsOf(log).length, { timeout: 30_000 }).toBe(3)
      for (let count = 0; count < 20; count++) expect(await shop.call(port)).toBe(200)
    },
  )

  it.skipIf(!existsSync('/proc/self/task'))(
    'goes back to the settings of before where a process can’t start in the middle of a round (needs /proc)',
    {
      timeout: 120_000,
    },
    async () => {
      const settings = { origin: ORIGIN, redis: redis.url }
      const { child, log, port } = await startGateway({ ...settings, upstream: first }, '--workers', '3')
      const agent = new Agent()
      await expect.poll(async () => (await call(agent, port)).status, { timeout: 10_000 }).toBe(200)
      writeFileSync(file, JSON.stringify({ ...settings, upstream: second }))
      child.kill('SIGHUP')
      await expect.poll(() => pidsOf(log).length, { timeout: 30_000 }).toBe(4)
      // The second one of the round dies before it listens.
      const children = () => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').map(Number)
      const starting = () => children().find(pid => !pidsOf(log).includes(pid))
      await expect.poll(starting, { timeout: 30_000, interval: 5 }).toBeDefined()
      process.kill(starting() ?? 0, 'SIGKILL')
      await expect.poll(log, { timeout: 20_000 }).toContain('could not start')
      await expect.poll(() => pidsOf(log).length, { timeout: 30_000 }).toBe(5)
      await expect.poll(() => children().length, { timeout: 30_000 }).toBe(3)
      for (let count = 0; count < 20; count++) expect(await call(new Agent(), port)).toEqual({ status: 200, upstream: 'first' })
      await reloaded({ child, log, port })
      await expect.poll(() => children().length, { timeout: 30_000 }).toBe(3)
      for (let count = 0; count < 20; count++) expect(await call(new Agent(), port)).toEqual({ status: 200, upstream: 'second' })
    },
  )

  it('has as many processes as it was told, although some die while they are replaced, and ends when it is told to meanwhile', {
    timeout: 120_000,
  }, async () => {
    const adminPort = await freePort()
    const { child, log, port } = await startGateway({ upstream: first, origin: ORIGIN, redis: redis.url, adminPort }, '--workers', '2')
    const agent = new Agent()
    await expect.poll(async () => (await call(agent, port)).status, { timeout: 10_000 }).toBe(200)
    const pids = () => pidsOf(log)
    child.kill('SIGHUP')
    for (const pid of pids()) process.kill(pid, 'SIGKILL')
    const ready = () =>
      fetch(`http://127.0.0.1:${adminPort}/ready`).then(
        answer => answer.text(),
        () => '',
      )
    await expect.poll(ready, { timeout: 30_000 }).toBe('ready: 2 of 2 processes\n')
    // And stays so: one that came too many would come within a second.
    await new Promise(resolve => setTimeout(resolve, 1_500))
    expect(await ready()).toBe('ready: 2 of 2 processes\n')
    child.kill('SIGHUP')
    await new Promise(resolve => setTimeout(resolve, 50))
    child.kill('SIGTERM')
    expect((await once(child, 'exit'))[0]).toBe(0)
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
  })
})
