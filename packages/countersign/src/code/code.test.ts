import { execFile, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Sandbox from 'postman-sandbox'
import { afterAll, describe, expect, it } from 'vitest'
import undeclared from '../../../../vectors/undeclared.json' with { type: 'json' }
import { requireSignature } from '../adapters/node.ts'
import { defineScheme } from '../define/define.ts'
import { memoryKeys } from '../keys/key.ts'
import type { SchemeDeclaration } from '../scheme/declaration.ts'
import { type DeclaredScheme, isDeclared } from '../scheme/scheme.ts'
import * as shipped from '../schemes/index.ts'
import { SCHEMES } from '../schemes/registry.ts'
import { createVerifier } from '../verify/verify.ts'
import { codeSample, LANGUAGES, type SampleRequest, sampleRequest } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-code-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = promisify(execFile)
const has = (program: string, argument = '--version'): boolean => spawnSync(program, [argument]).error === undefined
const MONO = has('mcs') && has('mono')

/** How a program is run here; a language that is missing is skipped, and the test's name says so. */
const RUNNERS: {
  readonly [language: string]: {
    readonly needs: string
    readonly here: boolean
    readonly command: (file: string) => readonly [string, readonly string[]][]
  }
} = {
  curl: {
    needs: 'bash, openssl and curl',
    here: has('bash') && has('openssl', 'version') && has('curl'),
    command: file => [['bash', [file]]],
  },
  python: { needs: 'python3', here: has('python3'), command: file => [['python3', [file]]] },
  node: { needs: 'node', here: true, command: file => [[process.execPath, [file]]] },
  go: { needs: 'go', here: has('go', 'version'), command: file => [['go', ['run', file]]] },
  java: { needs: 'java', here: has('java'), command: file => [['java', ['-XX:TieredStopAtLevel=1', file]]] },
  php: { needs: 'php', here: has('php'), command: file => [['php', [file]]] },
  ruby: { needs: 'ruby', here: has('ruby'), command: file => [['ruby', [file]]] },
  csharp: {
    needs: 'mcs and mono',
    here: MONO,
    command: file => [
      ['mcs', ['-langversion:7', '-r:System.Net.Http.dll', `-out:${file}.exe`, file]],
      ['mono', [`${file}.exe`]],
    ],
  },
}

const SECRETS = {
  utf8: 'whsec-of-20-bytes-$"\'',
  hex: Buffer.alloc(24, 0xfb).toString('hex'),
  base64: Buffer.alloc(61, 0xfb).toString('base64url'),
}
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const privateKeyFile = join(folder, 'private.pem')
writeFileSync(privateKeyFile, privateKey)

/** Everything a declaration can ask for, in one. */
const everything = defineScheme({
  name: 'everything',
  title: 'Made up: everything at once',
  algorithm: 'hmac-sha512',
  secret: { encoding: 'hex' },
  timestamp: { formats: ['iso8601-seconds'] },
  nonce: { formats: ['uuid'] },
  parameters: { window: { default: '5000', characters: 'digits' }, call: { generate: 'random', characters: 'token' } },
  message: [
    'key={keyId}\0{timestamp}\t{nonce}\n{window}|{call}\n{method|lower} {path}\n{query|sorted}\n{host}\n{passphrase}\n{url|percent-encode}\n"quoted" \'$HOME\' `x` 100% \\ {{}}\n',
    '{body|sha1|hex-upper}:{body|sha384|base64url-padded}',
  ],
  signature: { encoding: 'base64url-padded' },
  headers: {
    'x-auth': {
      prefix: 'Mine ',
      separator: ', ',
      items: ['key="{keyId}"', 't="{timestamp}"', 'n="{nonce}"', 'w={window}', 'c={call}', 's="{signature|percent-encode}"'],
    },
    'x-pass': '{passphrase|hmac|base64-unpadded}',
    digest: 'SHA-1={body|sha1|hex-upper}',
  },
})
/** Which calls are taken by a scheme that does not sign all of a request. */
const ONLY: { readonly [name: string]: SchemeDeclaration['only'] } = {
  bitfinex: { methods: ['POST'] },
  paddle: { methods: ['POST'], paths: 'any', query: 'any', body: 'required' },
  sorted: { methods: ['GET'], paths: 'any' },
}
const EXTRA: readonly DeclaredScheme[] = [
  everything,
  ...(['microseconds', 'decimal-seconds', 'iso8601-basic', 'http-date'] as const).map((format, index) =>
    defineScheme({
      name: `time-${format}`,
      title: format,
      algorithm: index % 2 === 0 ? 'hmac-sha1' : 'hmac-sha384',
      timestamp: { formats: [format] },
      nonce: { formats: [(['hex', 'microseconds', 'nanoseconds', 'random'] as const)[index] ?? 'any'] },
      message: '{timestamp}\n{nonce}\n{method|upper}\n{target}\n{body}',
      signature: { encoding: (['base64-unpadded', 'hex-upper', 'base64', 'hex'] as const)[index] ?? 'hex' },
      headers: { t: '{timestamp}', n: '{nonce}', k: '{keyId}', s: '{signature}' },
    }),
  ),
  ...undeclared.vectors.map(({ declaration }) =>
    defineScheme({ ...(declaration as SchemeDeclaration), only: ONLY[declaration.name] ?? {} }),
  ),
]
const SAMPLED = [...SCHEMES.filter(isDeclared), ...EXTRA]

interface Api {
  readonly origin: string
  readonly refusals: string[]
  close(): void
}

/** An API behind a verifier of the scheme, that answers with the body it verified. */
async function startApi(scheme: DeclaredScheme): Promise<Api> {
  const refusals: string[] = []
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const keys = memoryKeys(scheme, [
    {
      id: 'key-1',
      ...(scheme.hasPassphrase ? { passphrase: 'pass "phrase"'.replaceAll(' ', '-') } : {}),
      ...(scheme.keys === 'secret' ? { secret: SECRETS[scheme.secret.encoding] } : { publicKey }),
    },
  ])
  const verifier = createVerifier(scheme, { origin, keys, ...(scheme.keyId === 'carried' ? {} : { keyId: 'key-1' }) })
  server.on(
    'request',
    requireSignature(verifier, (_request, response, { body }) => response.end(`ok ${Buffer.from(body ?? []).toString('hex')}`), {
      onRefused: failure => refusals.push(failure.code),
    }),
  )
  return { origin, refusals, close: () => server.close() }
}

/** The one that is printed by default, with a nastier query and body. */
function requestFor(scheme: DeclaredScheme, origin: string): SampleRequest {
  const { method, url, body } = sampleRequest(scheme, `${origin}/v1/orders`)
  const isJson = body?.startsWith('{') === true
  return {
    method,
    url: url.includes('?') ? url.replace(/\?.*/, '?b=%20x&a=1') : url,
    body: isJson ? '{"note": "für 5 € $HOME \'quoted\' \\\\ `x` %s", "n": [1, true]}\n' : body,
  }
}

const env = (scheme: DeclaredScheme): NodeJS.ProcessEnv => ({
  ...process.env,
  API_KEY: 'key-1',
  API_SECRET: SECRETS[scheme.secret.encoding],
  API_PASSPHRASE: 'pass-"phrase"',
  PRIVATE_KEY_FILE: privateKeyFile,
  GOFLAGS: '-buildvcs=false',
})

describe.each(LANGUAGES.filter(({ name }) => name !== 'postman').map(language => ({ name: language.name, language })))(
  'samples in $name',
  ({ name, language }) => {
    const runner = RUNNERS[name]
    if (runner === undefined) throw new Error(`no runner for ${name}`)
    const canRun = (scheme: DeclaredScheme): boolean => runner.here && !(name === 'csharp' && scheme.keys === 'key-pair')

    describe.each(SAMPLED.map(scheme => ({ scheme: scheme.name, declared: scheme })))('$scheme', ({ declared }) => {
      it.skipIf(!canRun(declared))(
        `is accepted by the verifier (needs ${runner.needs}${name === 'csharp' ? '; key pairs need .NET' : ''})`,
        async () => {
          const api = await startApi(declared)
          const request = requestFor(declared, api.origin)
          const file = join(mkdtempSync(join(folder, `${name}-`)), language.fileName)
          writeFileSync(file, codeSample(declared, name, request))
          let stdout = ''
          for (const [command, args] of runner.command(file)) {
            try {
              ;({ stdout } = await run(command, args, { env: env(declared), timeout: 60_000 }))
            } catch (error) {
              throw new Error(`${api.refusals.join(', ')}: ${String(error)}\n${codeSample(declared, name, request)}`)
            }
          }
          const sent = Buffer.from(/^ok ([0-9a-f]*)$/m.exec(stdout)?.[1] ?? 'none', 'hex').toString()
          expect(sent).toContain(request.body ?? '')
          expect(stdout).toMatch(/^ok /m)
          api.close()
        },
        120_000,
      )
    })
  },
)

interface Execution {
  readonly request: {
    readonly url: { readonly path?: string[]; readonly query: { key: string; value: string }[] }
    readonly header: { key: string; value: string }[]
    readonly method: string
    readonly body?: { readonly raw?: string }
  }
}

/** Runs a pre-request script in Postman's own sandbox, and gives the request that it left. */
function runPostman(script: string, request: SampleRequest, scheme: DeclaredScheme): Promise<Execution> {
  const environment = [
    { key: 'api_key', value: 'key-1' },
    { key: 'api_secret', value: SECRETS[scheme.secret.encoding] },
    { key: 'api_passphrase', value: 'pass-"phrase"' },
  ]
  return new Promise((resolve, reject) => {
    Sandbox.createContext((error, context) => {
      if (error) return reject(error)
      context.on('execution.error', (_cursor: unknown, problem: { message?: string }) => reject(new Error(problem.message)))
      context.execute(
        { listen: 'prerequest', script: { exec: [script] } },
        {
          context: {
            request: {
              method: request.method,
              url: request.url,
              header: [],
              ...(request.body === undefined ? {} : { body: { mode: 'raw', raw: request.body } }),
            },
            environment,
          },
        },
        (problem: Error | null, execution: Execution) => {
          context.dispose()
          if (problem) reject(problem)
          else resolve(execution)
        },
      )
    })
  })
}

describe('samples in postman', () => {
  describe.each(SAMPLED.filter(({ keys }) => keys === 'secret').map(scheme => ({ scheme: scheme.name, declared: scheme })))(
    '$scheme',
    ({ declared }) => {
      it("is accepted by the verifier, run in Postman's sandbox", async () => {
        const api = await startApi(declared)
        const request = requestFor(declared, api.origin)
        const { request: signed } = await runPostman(codeSample(declared, 'postman', request), request, declared)
        const query = signed.url.query.map(({ key, value }) => `${key}=${value}`).join('&')
        const response = await fetch(`${api.origin}/${signed.url.path?.join('/')}${query === '' ? '' : `?${query}`}`, {
          method: signed.method,
          headers: Object.fromEntries(signed.header.map(({ key, value }) => [key, value])),
          ...(signed.body?.raw === undefined ? {} : { body: signed.body.raw }),
        })
        expect([api.refusals, response.status]).toEqual([[], 200])
        api.close()
      })
    },
  )

  it('are refused for key pairs, with the reason', () => {
    expect(() => codeSample(shipped.qredoPartner, 'postman', { method: 'GET', url: 'https://a.example/' })).toThrow(/no key pairs at hand/)
  })
})

describe('codeSample', () => {
  it('writes a GET without a body', async () => {
    const api = await startApi(shipped.qredoV1)
    const file = join(folder, 'get.mjs')
    writeFileSync(file, codeSample(shipped.qredoV1, 'node', { method: 'GET', url: `${api.origin}/x` }))
    expect((await run(process.execPath, [file], { env: env(shipped.qredoV1) })).stdout).toBe('ok \n')
    api.close()
  })

  it('knows what was probably meant', () => {
    expect(() => codeSample(shipped.qredoV1, 'pyton', { method: 'GET', url: 'https://a.example/' })).toThrow(/did you mean python/)
    expect(() => codeSample(shipped.kraken, 'python', { method: 'GET', url: 'https://a.example/' })).toThrow(/take a method that has one/)
  })

  it('sends the headers of the request that the scheme signs, and wants to know them', async () => {
    const scheme = defineScheme({
      name: 'with-headers',
      title: 'Signs headers',
      algorithm: 'hmac-sha256',
      message: '{method}\n{target}\n{header.content-type}\n{header.x-trace}\n{body}',
      signature: { encoding: 'hex' },
      headers: { 'x-key': '{keyId}', 'x-sig': '{signature}' },
    })
    const api = await startApi(scheme)
    const request = { method: 'POST', url: `${api.origin}/x`, body: '{}' }
    expect(() => codeSample(scheme, 'node', request)).toThrow(/signs the header content-type: give it with the request/)
    const file = join(folder, 'headers.mjs')
    writeFileSync(file, codeSample(scheme, 'node', { ...request, headers: { 'Content-Type': 'text/x-mine', 'X-Trace': "it's 1" } }))
    expect([(await run(process.execPath, [file], { env: env(scheme) })).stdout, api.refusals]).toEqual(['ok 7b7d\n', []])
    api.close()
  })
})
