import { execFile, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createSigner } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasRedis, startRedis, type TestRedis } from '../../server/test/redis.ts'
import { freePort, removeFolder, run } from './command.ts'

const bin = fileURLToPath(new URL('../bin/countersign.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'countersign-gateway-'))
const store = join(folder, 'keys.db')
const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined
const ROUNDS = 500

/** Counts what it gets, and answers with who it is from: an API in another language. */
const PYTHON_UPSTREAM = `
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
count = {}
class Api(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def answer(self):
        body = self.rfile.read(int(self.headers.get('content-length', 0))).decode()
        count[self.path] = count.get(self.path, 0) + 1
        text = json.dumps({'key': self.headers.get('x-countersign-key'), 'path': self.path, 'body': body, 'count': count[self.path]}).encode()
        self.send_response(200)
        self.send_header('content-type', 'application/json')
        self.send_header('content-length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    do_GET = do_POST = answer
    def log_message(self, *args): pass
server = ThreadingHTTPServer(('127.0.0.1', 0), Api)
print(server.server_address[1], flush=True)
server.serve_forever()
`

interface Process {
  readonly line: string
  stop(): Promise<number | null>
  reload(): void
}

function start(command: string, args: readonly string[]): Promise<Process> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const ended = new Promise<number | null>(done => child.on('close', done))
    void ended.then(code => reject(new Error(`${command} ended with ${code}: ${stderr}`)))
    child.stdout.setEncoding('utf8').once('data', (line: string) =>
      resolve({
        line,
        stop() {
          child.kill('SIGTERM')
          return ended
        },
        reload: () => void child.kill('SIGHUP'),
      }),
    )
  })
}

describe.skipIf(!has('python3') || !hasRedis)('countersign gateway (needs python3 and redis-server)', () => {
  const running: Process[] = []
  let redis: TestRedis
  let upstream = ''
  let keyId = ''
  let secret = ''
  const secretFile = join(folder, 'secret')

  beforeAll(async () => {
    redis = await startRedis()
    const api = await start('python3', ['-c', PYTHON_UPSTREAM])
    running.push(api)
    upstream = `http://127.0.0.1:${api.line.trim()}`
    const made = await run('countersign', ['keys', 'create', 'k', '--permission', 'balance', '--store', store, '--json'])
    ;({
      key: { id: keyId },
      secret,
    } = JSON.parse(made.stdout))
    writeFileSync(secretFile, secret)
  })
  afterAll(async () => {
    await Promise.all(running.map(process => process.stop()))
    await redis.close()
    removeFolder(folder)
  })

  async function startGateway(
    ...args: readonly string[]
  ): Promise<{ origin: string; adminOrigin: string; stop: Process['stop']; reload: Process['reload'] }> {
    const gateway = await start(process.execPath, [bin, 'gateway', '--json', '--quiet', '--port', '0', '--store', store, ...args])
    running.push(gateway)
    return { ...(JSON.parse(gateway.line) as { origin: string; adminOrigin: string }), stop: gateway.stop, reload: gateway.reload }
  }

  it('lets exactly one of twenty copies through, sent at once to two processes that share Redis, every time', {
    timeout: 120_000,
  }, async () => {
    const origin = 'https://api.example.com'
    const shared = ['--upstream', upstream, '--origin', origin, '--redis', redis.url]
    const [one, two] = await Promise.all([startGateway(...shared), startGateway(...shared)])
    const signer = createSigner(qredoV1, { keyId, secret })
    // What was signed before Redis' memory began is refused, for two seconds.
    await expect
      .poll(
        async () =>
          (
            await fetch(`${one.origin}/warm`, {
              method: 'POST',
              headers: signer.sign({ method: 'POST', url: `${origin}/warm`, body: '{}' }).headers,
              body: '{}',
            })
          ).status,
        { timeout: 6000, interval: 200 },
      )
      .toBe(200)
    const accepted: number[] = []
    const statuses = new Set<number>()
    for (let round = 0; round < ROUNDS; round++) {
      const { headers } = signer.sign({ method: 'POST', url: `${origin}/pay/${round}`, body: '{"a":1}' })
      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_, at) => {
          const response = await fetch(`${at % 2 === 0 ? one.origin : two.origin}/pay/${round}`, {
            method: 'POST',
            headers,
            body: '{"a":1}',
          })
          await response.arrayBuffer()
          return response.status
        }),
      )
      for (const status of answers) statuses.add(status)
      accepted.push(answers.filter(status => status === 200).length)
    }
    expect(accepted).toEqual(Array.from({ length: ROUNDS }, () => 1))
    expect([...statuses].sort()).toEqual([200, 401])
  })

  it('takes old and new clients unchanged: Python, curl, apitool and ours', async () => {
    const gateway = await startGateway('--upstream', upstream, '--config', join(folder, 'none.yaml')).catch((error: unknown) =>
      String(error),
    )
    expect(gateway).toContain('"code":"file-unreadable"')
    // The origin is what clients type, so the port has to be known beforehand.
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    const { adminOrigin } = await startGateway('--upstream', upstream, '--origin', origin, '--port', String(port), '--admin-port', '0')
    const python = `
import base64, hashlib, hmac, json, time, urllib.request
url, body = '${origin}/orders?b=1', json.dumps({'amount': 1, 'to': 'ü'}).encode()
ts = str(time.time_ns())
sig = base64.urlsafe_b64encode(hmac.new(base64.b64decode('${secret}'), ts.encode() + b'POST' + url.encode() + body, hashlib.sha256).digest()).decode().rstrip('=')
headers = {'qredo-api-key': '${keyId}', 'qredo-api-ts': ts, 'qredo-api-sig': sig}
print(urllib.request.urlopen(urllib.request.Request(url, body, headers)).read().decode())
`
    const byPython = JSON.parse((await promisify(execFile)('python3', ['-c', python])).stdout)
    expect(byPython).toEqual({ key: keyId, path: '/orders?b=1', body: '{"amount": 1, "to": "\\u00fc"}', count: 1 })
    if (has('curl')) {
      const signed = await run('countersign', [
        'sign',
        'POST',
        `${origin}/curl`,
        '-d',
        '{"a": 1}',
        '-k',
        keyId,
        '--secret-file',
        secretFile,
        '--curl',
      ])
      const byCurl = await promisify(execFile)('sh', ['-c', `${signed.stdout.trim()} -s`])
      expect(JSON.parse(byCurl.stdout)).toMatchObject({ key: keyId, path: '/curl', body: '{"a": 1}' })
    }
    const byApitool = await run('apitool', ['-api-key', keyId, '-secret', secret, '-method', 'GET', '-url', `${origin}/old`, 'send'])
    expect(byApitool.stdout).toContain('"path": "/old"')
    const ours = await run('countersign', ['send', 'POST', `${origin}/ours`, '-d', '{}', '-k', keyId, '--secret-file', secretFile])
    expect(JSON.parse(ours.stdout)).toMatchObject({ key: keyId, path: '/ours' })
    expect((await fetch(`${origin}/nobody`)).status).toBe(401)
    expect(await (await fetch(`${adminOrigin}/ready`)).text()).toBe('ready\n')
    expect(await (await fetch(`${adminOrigin}/health`)).text()).toBe('ok\n')
    const metrics = await (await fetch(`${adminOrigin}/metrics`)).text()
    expect(metrics).toContain('countersign_gateway_requests_total{outcome="passed",code="2xx",route="/",scheme="qredo-v1"} 4')
    expect(metrics).toContain('countersign_gateway_requests_total{outcome="refused",code="missing-header",route="/",scheme=""} 1')
  })

  it.skipIf(spawnSync('openssl', ['version']).error !== undefined)(
    'listens with TLS, and takes a new certificate on SIGHUP (needs openssl)',
    async () => {
      const certificate = (name: string): void =>
        void spawnSync('openssl', [
          'req',
          '-x509',
          '-newkey',
          'rsa:2048',
          '-nodes',
          '-keyout',
          join(folder, 'key.pem'),
          '-out',
          join(folder, 'cert.pem'),
          '-days',
          '1',
          '-subj',
          `/CN=${name}`,
        ])
      certificate('first.example')
      const file = join(folder, 'tls.json')
      writeFileSync(
        file,
        JSON.stringify({
          upstream,
          origin: 'https://api.example.com',
          tls: { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') },
        }),
      )
      const gateway = await startGateway('--config', file)
      const { hostname, port } = new URL(gateway.origin)
      expect(new URL(gateway.origin).protocol).toBe('https:')
      const subject = (): Promise<string> =>
        new Promise((resolve, reject) => {
          const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
            resolve(String(socket.getPeerCertificate().subject.CN))
            socket.end()
          })
          socket.on('error', reject)
        })
      expect(await subject()).toBe('first.example')
      certificate('second.example')
      gateway.reload()
      await expect.poll(subject).toBe('second.example')
    },
  )

  it.each<[string, boolean, (port: number) => readonly string[]]>([
    ['that runs', true, port => ['--port', String(port)]],
    ['that has no store', false, () => ['--port', '0', '--store', join(folder, 'nowhere.db')]],
    ['that has no such address', false, () => ['--port', '0', '--host', '203.0.113.7']],
  ])(
    'with --json, several processes %s say where once, and all else as lines of JSON',
    async (_, runs, more) => {
      const args = [
        '--upstream',
        upstream,
        '--origin',
        'https://api.example.com',
        '--store',
        store,
        '--redis',
        redis.url,
        '--workers',
        '2',
        '--json',
      ]
      const child = spawn(process.execPath, [bin, 'gateway', ...args, ...more(await freePort())])
      let [stdout, stderr] = ['', '']
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text
      })
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr += text
      })
      const ended = new Promise<number | null>(resolve => child.on('close', resolve))
      if (runs) {
        await expect.poll(() => stderr.match(/"msg":"listening"/g)?.length, { timeout: 20_000 }).toBe(2)
        await expect.poll(() => stdout, { timeout: 20_000 }).not.toBe('')
        child.kill('SIGTERM')
      }
      expect((await ended) === 0).toBe(runs)
      expect(stdout.split('\n').filter(line => line !== '')).toHaveLength(runs ? 1 : 0)
      if (runs) expect(JSON.parse(stdout)).toMatchObject({ origin: expect.stringContaining('http://127.0.0.1:') as string })
      const lines = stderr.split('\n').filter(line => line !== '')
      expect(lines.length).toBeGreaterThan(0)
      for (const line of lines)
        expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number) as number, msg: expect.any(String) as string })
    },
    60_000,
  )

  it.each([
    ['would start', 0, []],
    ['would not', 2, ['--store', join(folder, 'nowhere.db')]],
  ])('with --check and --json, a gateway that %s is told in lines of JSON', async (_, code, more) => {
    const args = ['gateway', '--check', '--json', '--upstream', upstream, '--origin', 'https://api.example.com', '--store', store, ...more]
    const ran = await run('countersign', args)
    expect([ran.code, ran.stdout]).toEqual([code, ''])
    const lines = ran.stderr.split('\n').filter(line => line !== '')
    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number) as number, msg: expect.any(String) as string })
    expect(lines.length).toBeGreaterThan(0)
  })

  it('shares a port among processes, and replaces one that dies', async () => {
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    const child = spawn(
      process.execPath,
      [
        bin,
        'gateway',
        '--upstream',
        upstream,
        '--origin',
        origin,
        '--port',
        String(port),
        '--store',
        store,
        '--redis',
        redis.url,
        '--workers',
        '2',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    let log = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
    const signer = createSigner(qredoV1, { keyId, secret })
    const call = async (): Promise<number> => {
      const { headers } = signer.sign({ method: 'GET', url: `${origin}/w` })
      return fetch(`${origin}/w`, { headers }).then(
        ({ status }) => status,
        () => 0,
      )
    }
    await expect.poll(call, { timeout: 10_000 }).toBe(200)
    const pids = (): number[] => [...new Set([...log.matchAll(/"pid":(\d+),"port"/g)].map(([, pid]) => Number(pid)))]
    await expect.poll(() => pids().length, { timeout: 10_000 }).toBe(2)
    process.kill(pids()[0] ?? 0, 'SIGKILL')
    await expect.poll(() => pids().length, { timeout: 10_000 }).toBe(3)
    for (let count = 0; count < 20; count++) expect(await call()).toBe(200)
    const ended = new Promise(resolve => child.on('close', resolve))
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  }, 60_000)

  it.each([[[]], [['--workers', '2', '--redis', 'redis://127.0.0.1:1']]])(
    'goes on when the reader of its log was gone before it started, and ends when it is told to: %j',
    async workers => {
      const [port, adminPort] = [await freePort(), await freePort()]
      const ports = ['--port', String(port), ...(workers.length === 0 ? ['--admin-port', String(adminPort)] : [])]
      const origin = ['--upstream', 'http://127.0.0.1:9', '--origin', 'https://api.example.com']
      const orphan = ['--store', join(folder, 'orphan.db')]
      await run('countersign', ['admins', 'create', 'x', '--role', 'operator', ...orphan])
      const args = [bin, 'gateway', ...origin, ...ports, ...orphan, ...workers]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
      const ended = new Promise<number | null>(done => child.on('exit', done))
      child.stdout.destroy()
      child.stderr.destroy()
      try {
        const answers = () => fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5_000) })
        await expect.poll(async () => (await answers().catch(() => undefined))?.status, { timeout: 20_000 }).toBe(401)
        for (let more = 0; more < 3; more++) expect((await answers()).status).toBe(401)
        child.kill('SIGTERM')
        expect(await ended).toBe(0)
      } finally {
        child.kill('SIGKILL')
      }
    },
  )

  it('ends where its port is taken, with several processes as with one', async () => {
    const { port } = new URL(redis.url)
    const to = ['--upstream', 'http://127.0.0.1:9', '--origin', 'https://api.example.com', '--port', port]
    const several = ['--redis', redis.url, '--workers', '3', '--store', store]
    expect(await run('countersign', ['gateway', ...to, ...several])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`Port ${port} is taken`),
    })
  })

  it('reads its settings from a file, and names the line of what is wrong', async () => {
    const file = join(folder, 'gateway.yaml')
    const gateway = (text: string, ...args: readonly string[]) => {
      writeFileSync(file, text)
      return run('countersign', ['gateway', '--config', file, ...args])
    }
    expect((await gateway('upstream: http://127.0.0.1:1\norigin: https://api.example.com/\nport: 0\n')).stderr).toContain(
      `${file}:2: origin`,
    )
    expect(
      (
        await gateway(
          'upstream: http://127.0.0.1:1\norigin: https://a.example\nroutes:\n  - path: /x\n    schemes: [qredo-v1]\n    permision: [a]\n',
        )
      ).stderr,
    ).toContain(`${file}:6: `)
    expect((await gateway('upstream: "http://127.0.0.1:1\n')).stderr).toMatch(/gateway\.yaml:\d+: .*\[config-malformed\]/s)
    expect(
      (await gateway('upstream: http://127.0.0.1:1\norigin: https://a.example\nroutes: [{path: /, schemes: [none]}]\n', '--store', store))
        .stderr,
    ).toContain('[scheme-unknown]')
    expect((await gateway('', '--upstream', 'http://127.0.0.1:1')).stderr).toContain('origin')
    const begin = `upstream: https://127.0.0.1:1\norigin: https://a.example\nport: 0\nstore: ${store}\n`
    for (const [text, message] of [
      ['spoolFolder: /proc/nope\n', 'spoolFolder: /proc/nope is no folder that can be written to (ENOENT)'],
      ['spoolFolder: /dev/null\n', 'spoolFolder: /dev/null is no folder'],
      ['upstreamTls: { ca: nope.pem }\n', `upstreamTls.ca: ${join(folder, 'nope.pem')} can't be read (ENOENT)`],
      ['identity: { keyFiles: [nope.pem] }\n', `identity.keyFiles: ${join(folder, 'nope.pem')} can't be read (ENOENT)`],
      ['maxSpoolBytes: 1000\n', 'maxSpoolBytes is less than maxBodyBytes'],
      ['maxHeldBytes: 1000\n', 'maxHeldBytes is less than spoolBytes'],
    ] as const)
      expect(await gateway(begin + text)).toMatchObject({ stderr: expect.stringContaining(message) })
    expect(await run('countersign', ['gateway'])).toMatchObject({ code: 2, stderr: expect.stringContaining('[upstream-missing]') })
    expect(
      await run('countersign', ['gateway', '--upstream', 'http://127.0.0.1:1', '--origin', 'https://a.example', '--workers', '2']),
    ).toMatchObject({ code: 2, stderr: expect.stringContaining('[redis-missing]') })
  })
})
