import { mkdtempSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVerifier, memoryKeys } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { freePort, removeFolder, run } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-send-'))
const secret = Buffer.alloc(32, 7).toString('base64')
const passphrase = 'a-passphrase-to-hide'
const env = { COUNTERSIGN_API_KEY: 'k', COUNTERSIGN_SECRET: secret }
let server: Server | undefined

afterEach(() => server?.close())
afterAll(() => removeFolder(folder))

/** Serves what `answer` does, on any free port, and gives that. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
  server = createServer(answer)
  await new Promise<void>(resolve => server?.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const json = (text: string) => (_request: IncomingMessage, response: ServerResponse) =>
  response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'session=cookie-to-hide' }).end(text)

describe('countersign send', () => {
  it('takes a port of this machine for a URL', async () => {
    const targets: string[] = []
    const port = await serve((request, response) => {
      targets.push(`${request.headers.host}${request.url}`)
      response.end('ok')
    })
    for (const url of [`:${port}/a?b=1`, `localhost:${port}/a?b=1`, `127.0.0.1:${port}/a?b=1`])
      expect(await run('countersign', ['send', url], { env })).toMatchObject({ code: 0, stdout: 'ok' })
    expect(targets).toEqual([`localhost:${port}/a?b=1`, `localhost:${port}/a?b=1`, `127.0.0.1:${port}/a?b=1`])
  })

  it('connects to another server than the URL names, and signs, follows and shows the URL as it is', async () => {
    const verifier = createVerifier(qredoV1, { origin: 'https://api.example.com', keys: memoryKeys(qredoV1, [{ id: 'k', secret }]) })
    const seen: unknown[] = []
    const port = await serve(async (request, response) => {
      const { method = '', url: target = '', rawHeaders: headers } = request
      seen.push([request.headers.host, target, (await verifier.verify({ method, target, headers })).ok])
      if (target === '/old') response.writeHead(302, { location: '/new' })
      if (target === '/away') response.writeHead(302, { location: `http://127.0.0.1:${port}/new` })
      response.end('{"a":1}')
    })
    const send = (path: string, ...more: string[]) =>
      run('countersign', ['send', `https://api.example.com${path}`, '--connect-to', `:${port}`, ...more], { env })
    expect(await send('/old')).toMatchObject({ code: 0, stdout: '{"a":1}', stderr: 'redirected to https://api.example.com/new\n' })
    expect(await send('/away')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('[redirect-refused]') as string })
    expect((await send('/x', '-v')).stderr).toContain('> host: api.example.com\n')
    expect(seen).toEqual(['/old', '/new', '/away', '/x'].map(path => ['api.example.com', path, true]))
    const refused: readonly (readonly [args: readonly string[], code: string])[] = [
      [['--connect-to', `http://localhost:${port}/base`], '[url-malformed]'],
      [['--connect-to', 'http://api.internal:8080'], '[connect-insecure]'],
      [['--curl'], '[option-needless]'],
    ]
    for (const [args, told] of refused)
      expect(await send('/x', ...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(told) as string })
  })

  it.each([
    [['-X', 'POST', ':9/'], '-X: the method comes before the URL'],
    [['-XPOST', ':9/'], 'the method comes before the URL'],
    [['-L', ':9/'], '-L: leave it out: redirections within the origin are followed'],
    [['--data-raw={}', ':9/'], '--data-raw: -d sends its text'],
    [['-k', ':9/'], '-k is --api-key here'],
    [['-k', '-L', ':9/'], '--api-key is followed by -L, which is an option and no key id'],
    [['--api-key=', ':9/'], 'needs an API key id: give --api-key'],
    [['-u', 'me:pass', ':9/'], '-u is --unit here'],
    [['--json', '{"a":1}', ':9/'], '"{\\"a\\":1}" is not a method such as POST; a body is given with -d'],
  ])('says of %j what curl’s users write here', async (args, advice) => {
    const { code, stdout, stderr } = await run('countersign', ['send', ...args], { env })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(advice)
  })

  it('shows with --verbose what went and what came, and hides every secret', async () => {
    const port = await serve(json('{}'))
    const args = ['send', 'POST', `:${port}/orders`, '-d', '{"a":1}', '-s', 'okx', '-v', '-H', 'cookie: own=cookie-of-mine', '-H', 'x-a: 1']
    const { code, stdout, stderr } = await run('countersign', args, { env: { ...env, COUNTERSIGN_PASSPHRASE: passphrase } })
    expect([code, stdout]).toEqual([0, '{}'])
    const lines = stderr.split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([
        '> POST /orders HTTP/1.1',
        `> host: localhost:${port}`,
        '> x-a: 1',
        '> cookie: (hidden)',
        '> ok-access-passphrase: (hidden)',
        '> ok-access-key: k',
        expect.stringMatching(/^> ok-access-sign: \S+$/),
        '> (body of 7 bytes)',
        '< HTTP 200 OK',
        '< content-type: application/json',
        '< set-cookie: (hidden)',
      ]),
    )
    for (const hidden of [secret, passphrase, 'cookie-to-hide', 'cookie-of-mine']) expect(stderr).not.toContain(hidden)
  })

  it('writes the body into a file, byte for byte', async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 128])
    const port = await serve((_request, response) => response.end(bytes))
    const file = join(folder, 'answer')
    const { code, stdout, stderr } = await run('countersign', ['send', `:${port}`, '-o', file], { env })
    expect([code, stdout, stderr]).toEqual([0, '', `5 bytes written to ${file}\n`])
    expect(readFileSync(file)).toEqual(bytes)
  })

  it('sends nothing where the answer could not be written', async () => {
    let count = 0
    const port = await serve((_request, response) => {
      count++
      response.end('{}')
    })
    const { code, stderr } = await run('countersign', ['send', 'POST', `:${port}`, '-d', '{}', '-o', join(folder, 'none/answer')], { env })
    expect([code, stderr, count]).toEqual([2, expect.stringContaining('[file-unwritable]'), 0])
  })

  it('says that it was redirected', async () => {
    const port = await serve(({ method, url }, response) =>
      url === '/a' ? response.writeHead(302, { location: '/b' }).end() : response.end(`${method} ${url}`),
    )
    const { code, stdout, stderr } = await run('countersign', ['send', 'POST', `:${port}/a`, '-d', '{}'], { env })
    expect([code, stdout, stderr]).toEqual([0, 'GET /b', `redirected to http://localhost:${port}/b\n`])
  })

  it.each([
    ['GET', ['-d', 'x', '--allow', 'body-on-get']],
    ['TRACE', []],
  ])('says that Node can not send %s %j', async (method, args) => {
    const { code, stderr } = await run('countersign', ['send', method, ':9/x', ...args], { env })
    expect([code, stderr]).toEqual([2, expect.stringContaining('[call-not-sendable]')])
  })

  it('tells neither user name nor password of a URL', async () => {
    const { code, stderr } = await run('countersign', ['send', 'http://me:passw0rd@localhost:9/x'], { env })
    expect([code, stderr]).toEqual([2, expect.stringContaining('[url-malformed]')])
    expect(stderr).not.toContain('passw0rd')
  })

  it('says that an answer broke off', async () => {
    const port = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('part')
      setImmediate(() => response.destroy())
    })
    const { code, stderr } = await run('countersign', ['send', `:${port}`], { env })
    expect([code, stderr]).toEqual([3, expect.stringContaining('[network]')])
  })

  it('prints what a JSON pointer names, with all digits, and a refusal whole', async () => {
    let status = 200
    const port = await serve((_request, response) => response.writeHead(status).end('{"keys":[{"id":"k1","n":1.0000000000000000000001}]}'))
    const query = (pointer: string) => run('countersign', ['send', `:${port}`, '--query', pointer], { env })
    expect((await query('/keys/0/id')).stdout).toBe('k1\n')
    expect((await query('/keys/0/n')).stdout).toBe('1.0000000000000000000001\n')
    const nothing = await query('/nope')
    expect(nothing).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('[query-not-found]') as string })
    // The call was made, so what came of it is not lost.
    expect(nothing.stderr).toContain('answered with HTTP 200:\n{"keys":[{"id":"k1","n":1.0000000000000000000001}]}\n')
    const twice = await run('countersign', ['send', `:${port}`, '--query', 'nope'], { env })
    expect(twice).toMatchObject({ code: 2, stderr: expect.stringContaining('[query-malformed]') as string })
    status = 401
    expect(await query('/keys/0/id')).toMatchObject({ code: 1, stdout: '{"keys":[{"id":"k1","n":1.0000000000000000000001}]}' })
  })

  it('sends again with --retry, signed anew each time, as long as Retry-After says', async () => {
    const timestamps: string[] = []
    const verdicts: boolean[] = []
    const port = await serve(({ method = '', url = '', rawHeaders }, response) => {
      const keys = memoryKeys(qredoV1, [{ id: 'k', secret }])
      void createVerifier(qredoV1, { origin: `http://localhost:${port}`, keys })
        .verify({ method, target: url, headers: rawHeaders })
        .then(({ ok }) => {
          verdicts.push(ok)
          timestamps.push(String(rawHeaders[rawHeaders.indexOf('qredo-api-ts') + 1]))
          response.writeHead(timestamps.length < 3 ? 503 : 200, { 'retry-after': '0' }).end('done')
        })
    })
    const { code, stdout, stderr } = await run('countersign', ['send', `:${port}`, '--retry', '3'], { env })
    expect([code, stdout, verdicts]).toEqual([0, 'done', [true, true, true]])
    expect(new Set(timestamps).size).toBe(3)
    expect(stderr).toBe('HTTP 503; once more in 0.1 s (1 of 3)\nHTTP 503; once more in 0.1 s (2 of 3)\n')
  })

  it('gives up after so many, and never sends a given timestamp twice', async () => {
    let count = 0
    const port = await serve((_request, response) => {
      count++
      response.writeHead(429, { 'retry-after': '0' }).end('slow down')
    })
    expect(await run('countersign', ['send', `:${port}`, '--retry', '1'], { env })).toMatchObject({ code: 1, stdout: 'slow down' })
    expect(count).toBe(2)
    const fixed = await run('countersign', ['send', `:${port}`, '--retry', '1', '-t', '1764000000'], { env })
    expect(fixed).toMatchObject({ code: 2, stderr: expect.stringContaining('[retry-fixed]') as string })
    expect(count).toBe(2)
  })
})

describe('what went wrong is said in a line', () => {
  it('a port where nothing listens', async () => {
    const { code, stderr } = await run('countersign', ['send', `:${await freePort()}`], { env })
    expect([code, stderr]).toEqual([
      3,
      'countersign: no connection: nothing listens there: is the server running, and the port right? [network]\n',
    ])
  })

  it('TLS to a port that does not speak it', async () => {
    const port = await serve(json('{}'))
    const { code, stderr } = await run('countersign', ['send', `https://127.0.0.1:${port}/`], { env })
    expect([code, stderr]).toEqual([
      3,
      'countersign: no connection: the server does not speak TLS on this port: write http:// if it is meant to be so [network]\n',
    ])
  })

  it('a server that hangs up', async () => {
    const hangsUp = createSocket(socket => socket.end())
    await new Promise<void>(resolve => hangsUp.listen(0, '127.0.0.1', resolve))
    const { port } = hangsUp.address() as AddressInfo
    const { code, stderr } = await run('countersign', ['send', `:${port}`, '--timeout', '5'], { env })
    hangsUp.close()
    // Node's fetch does not always notice, and waits until the time is over.
    expect([code, stderr]).toEqual([
      3,
      expect.stringMatching(/closed the connection without an answer.*\[network\]|no answer in time \[timeout\]/),
    ])
  })

  it('a full disk, of a file and of standard output', async () => {
    const port = await serve(json('{}'))
    const file = await run('countersign', ['send', `:${port}`, '-o', '/dev/full'], { env })
    expect([file.code, file.stderr]).toEqual([
      1,
      "countersign: The answer can't be written to /dev/full: the disk is full [file-unwritable]\nThe call was made, and answered with HTTP 200:\n{}\n",
    ])
    const output = await run('countersign', ['schemes', '--json'], { output: '/dev/full' })
    expect(output).toMatchObject({ code: 2, stderr: "The output can't be written: the disk is full [output-unwritable]\n" })
  })

  it('a parameter that the scheme does not have', async () => {
    const { code, stderr } = await run('countersign', ['sign', 'https://x.example/', '--param', 'foo=1'], { env })
    expect([code, stderr]).toEqual([2, expect.stringContaining('has no use for the parameter foo')])
  })
})

describe('countersign sign --json', () => {
  it('holds the headers that were given beside those of the signature', async () => {
    const { stdout } = await run('countersign', ['sign', 'https://x.example/', '-H', 'X-Team: desk', '--json'], { env })
    expect(JSON.parse(stdout)).toMatchObject({ headers: { 'x-team': 'desk', 'qredo-api-key': 'k' } })
  })
})
