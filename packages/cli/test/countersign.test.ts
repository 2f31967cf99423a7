import { execFile, spawn, spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createVerifier, defineScheme, memoryKeys } from 'countersign'
import { requireSignature } from 'countersign/node'
import { SCHEMES } from 'countersign/schemes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningSandbox, removeFolder, run, startSandbox } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-command-'))
const secretBytes = Buffer.alloc(60, 0xfb)
const secret = secretBytes.toString('base64')
const secretFile = join(folder, 'secret.txt')
const url = 'https://api.qredo.network/qapi/v1/balance'
const env = { COUNTERSIGN_API_KEY: 'k', COUNTERSIGN_SECRET: secret, XDG_CONFIG_HOME: join(folder, 'config') }
let sandbox: RunningSandbox

beforeAll(async () => {
  writeFileSync(secretFile, `${secret}\n`)
  sandbox = await startSandbox()
})

afterAll(async () => {
  expect(await sandbox.stop()).toBe(0)
  removeFolder(folder)
  removeFolder(sandbox.folder)
})

const byHand = (message: string): string => createHmac('sha256', secretBytes).update(message).digest('base64url')
const demo = (): string[] => ['--api-key', sandbox.keys[0]?.id ?? '', '--secret-file', sandbox.keys[0]?.secretFile ?? '']

describe('countersign sign', () => {
  it('prints the headers and nothing else', async () => {
    const { code, stdout, stderr } = await run('countersign', ['sign', url, '-t', '1647356399'], { env })
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stderr: '',
      stdout: `qredo-api-key: k\nqredo-api-ts: 1647356399\nqredo-api-sig: ${byHand(`1647356399GET${url}`)}\n`,
    })
  })

  it('signs a body from text, a file or standard input, byte for byte', async () => {
    const file = join(folder, 'body.json')
    writeFileSync(file, '{"a": "ü"}\n')
    const expected = byHand(`1647356399POST${url}{"a": "ü"}\n`)
    for (const [data, input] of [
      ['{"a": "ü"}\n', ''],
      [`@${file}`, ''],
      ['-', '{"a": "ü"}\n'],
    ] as const) {
      const { stdout } = await run('countersign', ['sign', 'POST', url, '-t', '1647356399', '-d', data, '--json'], { env, input })
      expect(JSON.parse(stdout)).toMatchObject({ method: 'POST', url, body: '{"a": "ü"}\n', headers: { 'qredo-api-sig': expected } })
    }
  })

  it('takes the secret from the environment, a file, standard input, a profile, or the command line with a warning', async () => {
    const without = { ...env, COUNTERSIGN_SECRET: undefined }
    const expected = byHand(`1647356399GET${url}`)
    const args = ['sign', url, '-t', '1647356399']
    expect((await run('countersign', [...args, '--secret-file', secretFile], { env: without })).stdout).toContain(expected)
    expect((await run('countersign', [...args, '--secret-stdin'], { env: without, input: `${secret}\n` })).stdout).toContain(expected)
    const open = await run('countersign', [...args, '--secret', secret], { env: without })
    expect(open.stdout).toContain(expected)
    expect(open.stderr).toMatch(/^warning: a secret on the command line/)
    expect(open.stderr).not.toContain(secret)
    const none = await run('countersign', args, { env: without })
    expect(none).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/COUNTERSIGN_SECRET, --secret-file, --secret-stdin or --profile\. \[secret-missing\]/) as string,
    })
  })

  it('prints a curl line that sends exactly what was signed', async () => {
    const hasCurl = spawnSync('curl', ['--version']).status === 0
    const received: { method: string; url: string; body: string; sig: string }[] = []
    const server = createServer((request, response) => {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.on('end', () => {
        received.push({
          method: request.method ?? '',
          url: request.url ?? '',
          body: Buffer.concat(pieces).toString('hex'),
          sig: String(request.headers['qredo-api-sig']),
        })
        response.end()
      })
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const bodies = ['{"a":"it\'s $HOME `x` \\ ü"}', '@starts-with-at', Buffer.from([0x7b, 0x00, 0xff, 0x27, 0x0a]), '{"line":\n2}\n']
    for (const body of bodies) {
      const { stdout } = await run(
        'countersign',
        [
          'sign',
          'POST',
          `${origin}/x?a=[1]&b={2}`.replace(/[[\]{}]/g, encodeURIComponent),
          '-d',
          '-',
          '--curl',
          '--allow',
          'ambiguous-request',
        ],
        { env, input: body },
      )
      expect(stdout).toMatch(/(^|\| )curl /)
      if (!hasCurl) continue
      await promisify(execFile)('sh', ['-c', stdout])
      expect(received.at(-1)).toMatchObject({
        method: 'POST',
        url: '/x?a=%5B1%5D&b=%7B2%7D',
        body: Buffer.from(body).toString('hex'),
        sig: expect.stringMatching(/^.{43}$/) as string,
      })
    }
    server.close()
  })

  it('takes any scheme and unit', async () => {
    const stripe = await run('countersign', ['sign', 'POST', 'https://example.com/hook', '-s', 'stripe', '-d', '{}', '-t', '1492774577'], {
      env: { ...env, COUNTERSIGN_SECRET: 'whsec_0123456789abcdef' },
    })
    expect(stripe.stdout).toBe(
      `stripe-signature: t=1492774577,v1=${createHmac('sha256', 'whsec_0123456789abcdef').update('1492774577.{}').digest('hex')}\n`,
    )
    expect((await run('countersign', ['sign', url, '-u', 'ms'], { env })).stdout).toMatch(/qredo-api-ts: \d{13}\n/)
  })

  it.each<[string, string[], string]>([
    ['an unknown scheme', ['sign', url, '-s', 'nope'], 'scheme-unknown'],
    ['a URL that is none', ['sign', 'nope'], 'url-malformed'],
    ['a missing body file', ['sign', 'POST', url, '-d', '@/nowhere'], 'file-unreadable'],
    ['a header that is none', ['sign', url, '-H', 'nope'], 'header-malformed'],
    ['a timestamp that is none', ['sign', url, '-t', 'now'], 'timestamp-invalid'],
    ['a missing profile', ['sign', url, '-p', 'nope'], 'profile-missing'],
    ['a short secret', ['sign', url, '--secret', 'AAAA'], 'secret-too-short'],
  ])('tells %s in a line with a stable code, and exits with 2', async (_what, args, codeName) => {
    const { code, stdout, stderr } = await run('countersign', args, { env })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`[${codeName}]`)
    expect(stderr).not.toContain('    at ')
  })
})

describe('countersign send', () => {
  it('prints the body, and exits 0 on 2xx', async () => {
    const { code, stdout, stderr } = await run('countersign', ['send', `${sandbox.origin}/qapi/v1/balance`, ...demo()])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ assets: { 'ETH-TESTNET': { pendingIn: 0 } } })
  })

  it('exits 1 on another answer, with the status on standard error and the body on standard output', async () => {
    const { code, stdout, stderr } = await run('countersign', ['send', `${sandbox.origin}/qapi/v1/nothing`, ...demo()])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ code: 'not-found' })
    expect(stderr).toBe('HTTP 404 Not Found\n')
  })

  it('shows headers with --include, and everything with --json', async () => {
    const included = await run('countersign', ['send', `${sandbox.origin}/qapi/v1/balance`, ...demo(), '-i'])
    expect(included.stderr).toMatch(/^HTTP 200 OK\n(.*\n)*content-type: application\/json\n/)
    const json = JSON.parse((await run('countersign', ['send', `${sandbox.origin}/qapi/v1/balance`, ...demo(), '--json'])).stdout) as {
      status: number
      headers: Record<string, string>
      body: string
    }
    expect(json).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } })
    expect(JSON.parse(json.body)).toHaveProperty('assets')
  })

  it('exits 3 when there is no answer', async () => {
    expect(await run('countersign', ['send', 'http://127.0.0.1:1/', ...demo()])).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(/no connection.*\[network\]/) as string,
    })
    const silent = createServer(() => {})
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo
    expect(await run('countersign', ['send', `http://127.0.0.1:${port}/`, ...demo(), '--timeout', '0.2'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('[timeout]') as string,
    })
    silent.closeAllConnections()
    silent.close()
  })

  it('sends a transaction whose body comes from standard input, in every unit', async () => {
    const input = JSON.stringify(
      { from: sandbox.wallet, to: `0x${'1'.repeat(40)}`, value: '1', gasLimit: '21000', gasPrice: '1', note: 'für' },
      undefined,
      1,
    )
    for (const unit of ['s', 'ms', 'us', 'ns']) {
      const { code, stdout } = await run(
        'countersign',
        ['send', 'POST', `${sandbox.origin}/qapi/v1/transaction`, ...demo(), '-d', '-', '-u', unit],
        { input },
      )
      expect({ code, answer: JSON.parse(stdout) }).toMatchObject({ code: 0, answer: { status: 'created', note: 'für' } })
    }
  })
})

describe('countersign verify', () => {
  it('accepts a good signature with 0, and says what is wrong with another with 1', async () => {
    const signed = await run('countersign', ['sign', 'POST', url, '-d', '{"a":1}'], { env })
    const headersFile = join(folder, 'headers.txt')
    writeFileSync(headersFile, signed.stdout)
    const args = ['verify', 'POST', url, '--headers-file', headersFile]
    expect(await run('countersign', [...args, '-d', '{"a":1}'], { env })).toMatchObject({
      code: 0,
      stdout: 'ok: the signature of k holds\n',
    })
    expect(await run('countersign', [...args, '-d', '{"a":2}'], { env })).toMatchObject({
      code: 1,
      stdout: 'bad-signature\n',
      stderr: expect.stringContaining('does not match') as string,
    })
    const json = await run('countersign', [...args, '-d', '{"a":1}', '--json', '--at', '2001-09-09T01:46:40Z'], { env })
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, failure: { code: 'timestamp-out-of-window' } })
    expect(await run('countersign', [...args, '-d', '{"a":1}', '--any-time', '--at', '2001-09-09T01:46:40Z'], { env })).toMatchObject({
      code: 0,
    })
    expect(await run('countersign', ['verify', 'POST', url, '-d', '{"a":1}'], { env })).toMatchObject({
      code: 1,
      stdout: 'missing-header\n',
    })
  })

  it('checks a call that names no key, where the scheme leaves that open', async () => {
    const keyless = { COUNTERSIGN_SECRET: secret }
    const signed = await run('countersign', ['sign', 'GET', url, '-s', 'rfc9421'], { env: keyless })
    expect(signed.stdout).not.toContain('keyid')
    const headers = signed.stdout
      .trim()
      .split('\n')
      .flatMap(line => ['-H', line])
    for (const [named, id] of [
      [[], 'default'],
      [['-k', 'mine'], 'mine'],
    ] as const)
      expect(await run('countersign', ['verify', 'GET', url, '-s', 'rfc9421', ...headers, ...named], { env: keyless })).toMatchObject({
        code: 0,
        stdout: `ok: the signature of ${id} holds\n`,
      })
  })

  it('takes the call that it is given, and warns of what the scheme does not sign', async () => {
    for (const [scheme, method, parts] of [
      ['bybit', 'DELETE', 'method, path, body'],
      ['stripe', 'PUT', 'method, path, query'],
    ] as const) {
      const call = [method, 'https://a.example/x?b=1', '-s', scheme, ...(method === 'PUT' ? ['-d', '{}'] : [])]
      const keyed = { ...env, COUNTERSIGN_SECRET: 'whsec_0123456789abcdef' }
      const signed = await run('countersign', ['sign', ...call], { env: keyed })
      const headers = signed.stdout
        .trim()
        .split('\n')
        .flatMap(line => ['-H', line])
      expect(await run('countersign', ['verify', ...call, ...headers], { env: keyed })).toMatchObject({
        code: 0,
        stderr: `warning: ${scheme} does not sign ${parts}: a call that differs there can have the same signature\n`,
      })
    }
  })
})

describe('countersign profiles', () => {
  it('keeps credentials in a file that only the user can read, and refuses one that others can', async () => {
    expect(
      await run('countersign', ['profiles', 'add', 'prod', '--secret-stdin'], {
        env: { ...env, COUNTERSIGN_SECRET: undefined },
        input: `${secret}\n`,
      }),
    ).toMatchObject({ code: 0, stdout: '' })
    const [file = ''] = readdirSync(join(folder, 'config'), { recursive: true })
      .map(String)
      .filter(name => name.endsWith('prod.json'))
    const path = join(folder, 'config', file)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const bare = { XDG_CONFIG_HOME: env.XDG_CONFIG_HOME }
    expect((await run('countersign', ['sign', url, '-t', '1647356399', '-p', 'prod'], { env: bare })).stdout).toContain(
      byHand(`1647356399GET${url}`),
    )
    const list = await run('countersign', ['profiles', 'list', '--json'], { env: bare })
    expect(JSON.parse(list.stdout)).toEqual([{ name: 'prod', scheme: 'qredo-v1', apiKey: 'k' }])
    chmodSync(path, 0o644)
    expect(await run('countersign', ['sign', url, '-p', 'prod'], { env: bare })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[profile-readable-by-others]') as string,
    })
    expect(
      await run('countersign', ['profiles', 'add', '../evil', '--secret-stdin', '-k', 'k'], { env: bare, input: secret }),
    ).toMatchObject({ code: 2, stderr: expect.stringContaining('[profile-name]') as string })
    expect(await run('countersign', ['profiles', 'remove', 'prod'], { env: bare })).toMatchObject({ code: 0 })
  })
})

describe('countersign', () => {
  it('lists and describes the schemes', async () => {
    const list = await run('countersign', ['schemes'])
    expect(list.stdout).toMatch(/^qredo-v1 +Qredo API v1$/m)
    expect((await run('countersign', ['schemes', 'qredo-v1'])).stdout).toMatch(/message +"\{timestamp\}\{method\}\{url\}\{body\}"/)
  })

  it('shows what a signature covers and what a verifier takes, as text and as data', async () => {
    expect((await run('countersign', ['schemes', 'qredo-v1'])).stdout).toMatch(/^nonce +none$/m)
    expect((await run('countersign', ['schemes', 'kraken'])).stdout).toMatch(/^nonce +[a-z-]+/m)
    const bybit = (await run('countersign', ['schemes', 'bybit'])).stdout
    expect(bybit).toMatch(/^covers +in GET, HEAD, DELETE:$/m)
    expect(bybit).toMatch(/^ +path +not$/m)
    const stripe = (await run('countersign', ['schemes', 'stripe'])).stdout
    expect(stripe).toMatch(/^covers +method +not$/m)
    expect(stripe).toMatch(/^ +body +exactly$/m)
    expect(stripe).toMatch(/^takes +POST, any path/m)
    const json: unknown = JSON.parse((await run('countersign', ['schemes', 'stripe', '--json'])).stdout)
    expect(json).toMatchObject({
      name: 'stripe',
      covers: [{ methods: 'all methods', coverage: { parts: { method: 'not', body: 'exactly' } } }],
      only: { methods: ['POST'] },
      declaration: { name: 'stripe' },
    })
    const all: unknown = JSON.parse((await run('countersign', ['schemes', '--json'])).stdout)
    expect(all).toMatchObject(SCHEMES.map(({ name }) => ({ name })))
  })

  it('has help with examples for every command, and exits 2 on what it does not know', async () => {
    const help = await run('countersign', ['--help'])
    expect(help.code).toBe(0)
    for (const command of ['sign', 'send', 'verify', 'schemes', 'code', 'openapi', 'sandbox']) {
      expect(help.stdout).toContain(`  ${command}`)
      const { code, stdout } = await run('countersign', [command, '--help'])
      expect(code).toBe(0)
      expect(stdout).toContain('\nExamples:\n')
    }
    expect(await run('countersign', ['nope'])).toMatchObject({ code: 2, stdout: '' })
    expect(await run('countersign', ['sign', url, '--nope'])).toMatchObject({ code: 2, stdout: '' })
    for (const asked of ['--version', '-V', 'version']) expect((await run('countersign', [asked])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it.each([
    ['help', '--help'],
    ['help keys', 'keys --help'],
    ['help keys create', 'keys create --help'],
    ['help sign --help', 'sign --help'],
    ['keys help create', 'keys create --help'],
  ])('countersign %s shows what countersign %s does', async (asked, same) => {
    const [{ code, stdout }, expected] = await Promise.all([run('countersign', asked.split(' ')), run('countersign', same.split(' '))])
    expect([code, stdout]).toEqual([0, expected.stdout])
    expect(stdout).toMatch(/^Usage: countersign /)
  })

  it.each(['help nope', 'help keys nope', 'keys nope'])('countersign %s ends with 2 and says what there is', async asked => {
    const { code, stdout, stderr } = await run('countersign', asked.split(' '))
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain("unknown command 'nope'")
  })

  it.each(['countersign schemes', 'countersign --help', 'countersign schemes kraken'])(
    'ends quietly when its reader goes away: %s | head -1',
    line => {
      const bin = fileURLToPath(new URL('../bin/countersign.js', import.meta.url))
      const script = `set -o pipefail; ${line.replace('countersign', `node ${bin}`)} | head -1; sleep 0; test $((PIPESTATUS[0])) -le 1`
      const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
      expect([stdout.split('\n').length, stderr]).toEqual([2, ''])
    },
  )

  const store = ['--store', join(folder, 'ports.db')]
  const gateway = ['gateway', ...store, '--upstream', 'http://127.0.0.1:9', '--origin', 'https://api.example.com']
  it.each<readonly [string, readonly string[], string]>([
    ['the sandbox', ['sandbox', '--data', join(folder, 'second')], '--port'],
    ['the key server', ['server', ...store], '--port'],
    ['the gateway', gateway, '--port'],
    ['what watches the gateway', [...gateway, '--port', '0'], '--admin-port'],
    ['the page', ['ui'], '--port'],
  ])('ends, and says which port is taken or malformed: %s', async (_name, args, option) => {
    const { port } = new URL(sandbox.origin)
    const taken = await run('countersign', [...args, option, port])
    expect(taken).toMatchObject({ code: 2, stderr: expect.stringContaining(`Port ${port} is taken`) as string })
    expect(taken.stderr).toContain('[port-taken]')
    expect(await run('countersign', [...args, `${option}=x`])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${option} is a port`) as string,
    })
  })

  it.each(['', '65536', '-1', '1.5', '0x10'])('takes no %j for a port', async malformed => {
    expect(await run('countersign', ['ui', `--port=${malformed}`])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--port is a port') as string,
    })
  })
})

describe('a scheme of one’s own, in a file', () => {
  const file = join(folder, 'mine.json')
  const declaration = {
    $schema: '../scheme.schema.json',
    name: 'mine',
    title: 'Mine',
    algorithm: 'hmac-sha512',
    secret: { encoding: 'hex' },
    timestamp: { formats: ['milliseconds'] },
    message: '{keyId}\0{timestamp}\0{method}\0{target}\0{body}',
    signature: { encoding: 'base64' },
    headers: { authorization: { prefix: 'MINE ', separator: ', ', items: ['key="{keyId}"', 'time="{timestamp}"', 'sig="{signature}"'] } },
  }
  const mine = { COUNTERSIGN_API_KEY: 'k', COUNTERSIGN_SECRET: secretBytes.toString('hex') }
  const target = 'https://api.example.com/v1/orders?a=1'

  it('is signed and verified by the command', async () => {
    writeFileSync(file, JSON.stringify(declaration))
    const signed = await run('countersign', ['sign', 'POST', target, '-s', file, '-d', 'a=b&c=d'], { env: mine })
    expect(signed).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^authorization: MINE key="k", time="\d{13}", sig="[A-Za-z0-9+/]{86}=="\n$/) as string,
    })
    const verify = ['verify', 'POST', target, '-s', file, '-H', signed.stdout.trim()]
    expect(await run('countersign', [...verify, '-d', 'a=b&c=d'], { env: mine })).toMatchObject({
      code: 0,
      stdout: 'ok: the signature of k holds\n',
    })
    expect(await run('countersign', [...verify, '-d', 'a=b&c=e'], { env: mine })).toMatchObject({ code: 1, stdout: 'bad-signature\n' })
  })

  it('is found again by a profile, from any folder', async () => {
    const own = { ...mine, XDG_CONFIG_HOME: join(folder, 'config') }
    expect(await run('countersign', ['profiles', 'add', 'mine', '-s', './mine.json'], { env: own, cwd: folder })).toMatchObject({ code: 0 })
    const { code, stdout } = await run('countersign', ['sign', target, '-p', 'mine'], { env: { XDG_CONFIG_HOME: own.XDG_CONFIG_HOME } })
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^authorization: MINE key="k"/)])
  })

  it.skipIf(spawnSync('python3', ['--version']).status !== 0)(
    'is signed by the Python sample that the command prints, and accepted by the verifier (needs python3)',
    async () => {
      const scheme = defineScheme(declaration as Parameters<typeof defineScheme>[0])
      const server = createServer()
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const verifier = createVerifier(scheme, { origin, keys: memoryKeys(scheme, [{ id: 'k', secret: secretBytes }]) })
      server.on(
        'request',
        requireSignature(verifier, (_request, response, { key }) => response.end(`hello ${key.id}`)),
      )
      const sample = await run('countersign', [
        'code',
        file,
        '--lang',
        'python',
        '--url',
        `${origin}/v1/orders?a=1`,
        '-d',
        '{"note":"für"}',
      ])
      expect(sample).toMatchObject({ code: 0, stderr: '' })
      const ran = await promisify(execFile)('python3', ['-c', sample.stdout], {
        env: { ...process.env, API_KEY: 'k', API_SECRET: mine.COUNTERSIGN_SECRET },
      })
      expect(ran.stdout).toBe('hello k\n')
      server.close()
    },
  )

  it('is refused with the field and the fix, and warned of where it is weak', async () => {
    const bad = join(folder, 'bad.json')
    writeFileSync(bad, JSON.stringify({ ...declaration, message: '{timestmp}' }))
    expect(await run('countersign', ['schemes', bad])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/scheme mine, message: \{timestmp\}.*did you mean timestamp\?.*\[scheme-invalid\]/) as string,
    })
    writeFileSync(bad, '{"name":')
    expect(await run('countersign', ['schemes', bad])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[scheme-unreadable]') as string,
    })
    writeFileSync(
      bad,
      JSON.stringify({
        ...declaration,
        message: '{timestamp}{body}{nonce}',
        headers: { n: '{nonce}', t: '{timestamp}', s: '{signature}' },
      }),
    )
    expect(await run('countersign', ['schemes', bad])).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/warning: mine: Nothing marks the boundary between \{body\} and \{nonce\}.*\\n/) as string,
    })
  })
})

describe('countersign code and openapi', () => {
  it('print a program, or say which languages there are', async () => {
    expect((await run('countersign', ['code', 'stripe', '--lang', 'curl', '-d', '{}'])).stdout).toMatch(/^#!\/usr\/bin\/env bash\n/)
    expect(await run('countersign', ['code', 'stripe', '--lang', 'cobol'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('one of curl, python, node, go, java, php, ruby, csharp, postman') as string,
    })
    expect(await run('countersign', ['code', 'rfc9421', '--lang', 'curl'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('[no-sample]') as string,
    })
  })

  it('print the security description for OpenAPI', async () => {
    const { code, stdout } = await run('countersign', ['openapi', 'qredo-v1'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      components: { securitySchemes: { 'qredo-v1-qredo-api-sig': { type: 'apiKey', in: 'header', name: 'qredo-api-sig' } } },
    })
  })
})

describe('schemes with logic', () => {
  it('are signed with parameters and verified like the others', async () => {
    const url = 'https://api.example.com/v1/orders?a=1'
    const keys = { COUNTERSIGN_API_KEY: 'AKID', COUNTERSIGN_SECRET: secret }
    for (const args of [
      ['-s', 'rfc9421'],
      ['-s', 'http-signatures-draft-12'],
      ['-s', 'aws-sigv4', '--param', 'region=eu-west-1', '--param', 'service=execute-api'],
    ]) {
      const signed = await run('countersign', ['sign', 'POST', url, ...args, '-d', '{"a":1}'], { env: keys })
      expect(signed).toMatchObject({ code: 0, stderr: '' })
      const headers = signed.stdout
        .trim()
        .split('\n')
        .flatMap(line => ['-H', line])
      expect(
        await run('countersign', ['verify', 'POST', url, ...args.slice(0, 2), '-d', '{"a":1}', ...headers], { env: keys }),
      ).toMatchObject({ code: 0 })
    }
    expect(await run('countersign', ['sign', url, '-s', 'aws-sigv4'], { env: keys })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('wants the parameters service and region') as string,
    })
  })
})

describe('countersign explain', () => {
  const signed = `1647356399POST${url}{"a": 1}`
  const line = (sig: string): string =>
    `curl -X POST '${url}' -H 'qredo-api-key: k' -H 'qredo-api-ts: 1647356399' -H 'qredo-api-sig: ${sig}' --data-raw '{"a":1}'`

  it('names the mistake in a pasted curl line, and points at it', async () => {
    const { code, stdout, stderr } = await run('countersign', ['explain', '--curl', '-'], { env, input: line(byHand(signed)) })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('One mistake.')
    expect(stdout).toContain('json.dumps')
    const lines = stdout.split('\n')
    const pointer = lines.findIndex(text => text.trim() === '^')
    const column = lines[pointer]?.indexOf('^') ?? -1
    expect([lines[pointer - 2]?.[column], lines[pointer - 1]?.[column]]).toEqual(['1', ' '])
    expect(stdout).not.toContain('\u001b')
    expect(stdout).not.toContain(secret)
  })

  it('takes the same line after --, with colour where it is wanted', async () => {
    const words = ['curl', '-X', 'POST', url, '-H', 'qredo-api-ts: 1647356399', '-H', `qredo-api-sig: ${byHand(signed)}`, '-d', '{"a":1}']
    const { code, stdout } = await run('countersign', ['explain', '--color', '--', ...words], { env })
    expect(code).toBe(0)
    expect(stdout).toContain('\u001b[31m')
  })

  it('reads a raw request, a recording and flags', async () => {
    const sig = byHand(`1647356399post${url}`)
    const raw = join(folder, 'request.txt')
    writeFileSync(raw, `POST ${url} HTTP/1.1\r\nqredo-api-ts: 1647356399\r\nqredo-api-sig: ${sig}\r\n\r\n`)
    const har = join(folder, 'network.har')
    const headers = [
      { name: 'Qredo-Api-Ts', value: '1647356399' },
      { name: 'Qredo-Api-Sig', value: sig },
    ]
    writeFileSync(har, JSON.stringify({ log: { entries: [{ request: { method: 'POST', url, headers }, response: { status: 401 } }] } }))
    for (const args of [
      ['--raw', raw],
      ['--har', har],
      ['POST', url, '-H', 'qredo-api-ts: 1647356399', '-H', `qredo-api-sig: ${sig}`],
    ]) {
      const { code, stdout } = await run('countersign', ['explain', ...args, '--json'], { env })
      expect(code).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({ outcome: 'explained', causes: [{ code: 'method-lower-case' }] })
    }
  })

  it('ends with 1 when nothing fits, and with 0 when nothing is wrong', async () => {
    const lost = await run('countersign', ['explain', '--curl', line(byHand('?')), '--max-attempts', '500'], { env })
    expect(lost.code).toBe(1)
    expect(lost.stdout).toContain('Ruled out')
    const right = await run('countersign', ['explain', '--curl', line(byHand(`1647356399POST${url}{"a":1}`))], { env })
    expect(right).toMatchObject({ code: 0, stdout: expect.stringContaining('The signature is right.') })
  })

  it('compares messages without a secret', async () => {
    const { code, stdout } = await run('countersign', [
      'explain',
      url,
      '-H',
      'qredo-api-ts: 1647356399',
      '--client-message',
      `1647356399GET${url}/`,
    ])
    expect(code).toBe(0)
    expect(stdout).toContain('slash')
  })

  it.each([
    [['explain'], 'request-missing'],
    [['explain', '--curl', 'wget x'], 'curl-malformed'],
    [['explain', '--curl', '-', '--secret-stdin'], 'stdin-twice'],
    [['explain', '--har', join(folder, 'none.har')], 'file-unreadable'],
    [['explain', '-s', 'rfc9421', url], 'scheme-not-declared'],
    [['explain', url, '--max-attempts', 'many'], 'number-malformed'],
  ])('%j ends with 2 and says %s', async (args, expected) => {
    const { code, stdout, stderr } = await run('countersign', args, { env })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`[${expected}]`)
  })
})

describe('countersign ui', () => {
  it.each([
    ['countersign', ['ui', '--port', '0', '--json']],
    ['apitool', ['-port', '0', 'ui']],
  ] as const)('%s %j serves the page until it is stopped', async (name, args) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL(`../bin/${name}.js`, import.meta.url)), ...args])
    const ended = new Promise<number | null>(resolve => child.on('close', resolve))
    const printed = await new Promise<string>(resolve => child.stdout.setEncoding('utf8').once('data', resolve))
    const page = /http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{32}/.exec(printed)?.[0] ?? ''
    expect(await (await fetch(page)).text()).toContain('<title>Countersign</title>')
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })

  it('says when its port is no port', async () => {
    expect(await run('countersign', ['ui', '--port', 'x'])).toMatchObject({ code: 2, stderr: expect.stringContaining('[port-malformed]') })
  })
})

describe('countersign infer', () => {
  const key = 'a secret of a good length'
  const sig = createHmac('sha256', key).update('1647356399123\nPOST\n/v1/x?a=1\n{"a":1}').digest('base64')
  const line = `curl 'https://api.example.com/v1/x?a=1' -H 'X-Key: AK1' -H 'X-Time: 1647356399123' -H 'X-Sig: ${sig}' -d '{"a":1}'`

  it('prints a declaration that --scheme takes, and what is open on standard error', async () => {
    const { code, stdout, stderr } = await run('countersign', ['infer', '-k', 'AK1', '--curl', line], { env: { COUNTERSIGN_SECRET: key } })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ message: '{timestamp}\n{method}\n{target}\n{body}', signature: { encoding: 'base64' } })
    expect(stderr).toContain('open: ')
    const file = join(folder, 'inferred.json')
    writeFileSync(file, stdout)
    const signed = await run(
      'countersign',
      ['sign', 'POST', 'https://api.example.com/v1/x?a=1', '-d', '{"a":1}', '-s', file, '-k', 'AK1', '-t', '1647356399123'],
      { env: { COUNTERSIGN_SECRET: key } },
    )
    expect(signed.stdout).toContain(`x-sig: ${sig}\n`)
  })

  it('ends with 1 when nothing is found, with nothing on standard output', async () => {
    const short = line.replace(/ -d .*/, '').replace('?a=1', '')
    const { code, stdout, stderr } = await run('countersign', ['infer', '-k', 'AK1', '--curl', '-'], {
      input: short,
      env: { COUNTERSIGN_SECRET: 'another secret altogether' },
    })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('Not found')
  })

  it('ends in time, and says what the worker threads refuse', async () => {
    const wrong = { COUNTERSIGN_SECRET: 'another secret altogether' }
    const late = await run('countersign', ['infer', '-k', 'AK1', '--timeout', '1', '--json', '--curl', line], { env: wrong })
    expect(late.code).toBe(1)
    expect(JSON.parse(late.stdout)).toMatchObject({ outcome: 'timed-out', open: [] })
    const unsigned = await run('countersign', ['infer', '--', 'curl', 'https://api.example.com/'], { env: wrong })
    expect(unsigned).toMatchObject({ code: 2, stderr: expect.stringContaining('[option-invalid]') })
  })

  it('wants an example', async () => {
    expect(await run('countersign', ['infer'], { env })).toMatchObject({ code: 2, stderr: expect.stringContaining('[request-missing]') })
  })
})
