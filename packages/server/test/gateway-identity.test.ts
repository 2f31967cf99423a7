import { execFile, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createSigner, type Scheme } from 'countersign'
import { qredoV1, rfc9421 } from 'countersign/schemes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGateway, type Gateway, type KeyService, openKeyService } from '../src/index.ts'

const ORIGIN = 'https://api.example.com'
const root = fileURLToPath(new URL('../../../', import.meta.url))
const page = readFileSync(join(root, 'docs', 'gateway.md'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'countersign-identity-'))
const pem = () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const [pem1, pem2] = [pem(), pem()]
const ACTOR = { name: 'test', address: '' }
const AUDIENCE = 'http://api.internal/v1'

interface Seen {
  readonly token: string
  readonly method: string
  readonly target: string
  readonly body: string
  readonly requestId: string
}

let service: KeyService
let upstream: Server
let gateway: Gateway
let base = ''
let seen: Seen | undefined

beforeAll(async () => {
  service = await openKeyService({ store: join(folder, 'keys.db') })
  await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  upstream = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', piece => pieces.push(piece))
    request.on('end', () => {
      const { 'x-countersign-identity': token, 'x-request-id': requestId } = request.headers
      const { method = '', url: target = '' } = request
      seen = { token: String(token), method, target, body: Buffer.concat(pieces).toString(), requestId: String(requestId) }
      response.end('ok')
    })
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  gateway = createGateway({
    upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`,
    origin: ORIGIN,
    service,
    routes: [{ path: '/', schemes: ['qredo-v1', 'rfc9421'] }],
    identity: { keys: [pem1, pem2], audience: AUDIENCE },
    spoolBytes: 1000,
  })
  gateway.server.listen(0, '127.0.0.1')
  await once(gateway.server, 'listening')
  base = `http://127.0.0.1:${(gateway.server.address() as AddressInfo).port}`
})
afterAll(async () => {
  await gateway.drain(100)
  upstream.closeAllConnections()
  upstream.close()
  await service.close()
  rmSync(folder, { recursive: true, force: true })
})

async function call(method: string, path: string, body?: string, scheme: Scheme = qredoV1) {
  const made = await service.keys.create(ACTOR, 'acme', { name: 'k', scheme: scheme.name, permissions: ['balance'], fundId: 'f1' })
  const signer = createSigner(scheme, { keyId: made.key.id, secret: made.secret ?? '' })
  const { headers } = signer.sign({ method, url: ORIGIN + path, body, headers: scheme === rfc9421 ? { host: 'api.example.com' } : {} })
  seen = undefined
  const sent = { ...(headers as Record<string, string>), 'x-countersign-identity': 'forged', 'x-request-id': 'one-for-all' }
  const answer = await fetch(base + path, { method, headers: sent, ...(body === undefined ? {} : { body }) })
  if (answer.status !== 200 || seen === undefined) throw new Error(await answer.text())
  const { token, target, body: got, requestId } = seen as Seen
  return { token, method, target, body: got, requestId, keyId: made.key.id }
}

/** What a JWT says, unchecked. */
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>

const jwks = async () => (await (await fetch(`${base}/.well-known/countersign/jwks.json`)).json()) as { keys: { kid: string; x: string }[] }

it('is a token of one call, with the body’s digest however the body is passed on', async () => {
  const large = JSON.stringify({ a: 'a'.repeat(5000) })
  const ids = new Set<unknown>()
  const calls = [
    ['GET', undefined, qredoV1],
    ['POST', '{"a":1}', qredoV1],
    ['POST', large, qredoV1],
    ['POST', large, rfc9421],
  ] as const
  for (const [method, body, scheme] of calls) {
    const { token, target, requestId, keyId, body: got } = await call(method, '/orders?a=%7e', body, scheme)
    const digest = await crypto.subtle.digest('SHA-256', Buffer.from(got))
    expect(got).toBe(body ?? '')
    const claims = claimsOf(token)
    expect(claims).toMatchObject({
      aud: AUDIENCE,
      sub: keyId,
      request: requestId,
      method,
      target: '/v1/orders?a=%7e',
      digest: `sha-256=:${Buffer.from(digest).toString('base64')}:`,
      organisation: 'acme',
      permissions: ['balance'],
      scheme: scheme.name,
      fund: 'f1',
      wallet: '',
    })
    expect(target).toBe('/v1/orders?a=%7e')
    ids.add(claims['jti'])
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(60)
  }
  // Whatever the requests are called.
  expect(ids.size).toBe(calls.length)
})

it('has keys that anyone can fetch, of which none is private', async () => {
  const { keys } = await jwks()
  expect(keys).toHaveLength(2)
  for (const key of keys) expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
  expect((await fetch(`${base}/.well-known/countersign/jwks.json`, { method: 'POST' })).status).toBe(401)
})

it.each([
  ['no key', []],
  ['a public key', [generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()]],
  ['a key of another kind', [generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()]],
  ['no PEM', ['secret-words']],
])('is not made with %s', (_name, keys) => {
  const make = () => createGateway({ upstream: 'http://127.0.0.1:1', origin: ORIGIN, service, identity: { keys } })
  expect(make).toThrow(expect.objectContaining({ code: 'identity-key-invalid', message: expect.not.stringContaining('secret-words') }))
})

interface Check {
  readonly language: string
  readonly program: string
  /** Makes a program of the code of the page, which reads calls from a file and writes `yes` or `no` for each. */
  write(code: string, file: string): readonly string[]
}

const CHECKS: readonly Check[] = [
  {
    language: 'js',
    program: process.execPath,
    write(code, file) {
      const made = join(folder, 'check.mjs')
      const main = `import { readFileSync } from 'node:fs'
const { calls, jwks, audience } = JSON.parse(readFileSync(${JSON.stringify(file)}, 'utf8'))
for (const { token, method, target, body } of calls)
  await callerOf(token, method, target, Buffer.from(body), jwks, audience).then(() => console.log('yes'), () => console.log('no'))
`
      writeFileSync(made, `${code}\n${main}`)
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
      return [made]
    },
  },
  {
    language: 'python',
    program: 'python3',
    write(code, file) {
      const main = `given = json.load(open(${JSON.stringify(file)}))
for call in given["calls"]:
    try:
        caller_of(call["token"], call["method"], call["target"], call["body"].encode(), given["jwks"], given["audience"])
        print("yes")
    except Exception:
        print("no")
`
      return ['-c', `${code}\n${main}`]
    },
  },
  {
    language: 'go',
    program: 'go',
    write(code, file) {
      const imports = ['crypto/ed25519', 'crypto/sha256', 'encoding/base64', 'encoding/json', 'errors', 'fmt', 'os', 'strings', 'time']
      const main = `func main() {
	text, _ := os.ReadFile(${JSON.stringify(file)})
	var given struct {
		Calls []struct{ Token, Method, Target, Body string }
		Jwks struct{ Keys []struct{ Kid, X string } }
		Audience string
	}
	json.Unmarshal(text, &given)
	keys := map[string]ed25519.PublicKey{}
	for _, key := range given.Jwks.Keys {
		keys[key.Kid], _ = base64.RawURLEncoding.DecodeString(key.X)
	}
	for _, call := range given.Calls {
		if _, err := callerOf(call.Token, call.Method, call.Target, []byte(call.Body), keys, given.Audience); err == nil {
			fmt.Println("yes")
		} else {
			fmt.Println("no")
		}
	}
}
`
      const made = join(folder, 'check.go')
      writeFileSync(made, `package main\n\nimport (\n${imports.map(name => `\t"${name}"\n`).join('')})\n\n${code}\n${main}`)
      return ['run', made]
    },
  },
  {
    language: 'java',
    program: 'java',
    write(code, file) {
      const {
        calls,
        jwks: set,
        audience,
      } = JSON.parse(readFileSync(file, 'utf8')) as {
        calls: { token: string; method: string; target: string; body: string }[]
        jwks: { keys: { kid: string; x: string }[] }
        audience: string
      }
      const text = JSON.stringify
      const imports = ['java.security.*', 'java.security.spec.*', 'java.util.*', 'java.util.regex.*']
      const main = `  public static void main(String[] args) {
    Map<String, String> keys = Map.of(${set.keys.flatMap(({ kid, x }) => [text(kid), text(x)]).join(', ')});
    String[][] calls = {${calls.map(one => `{${[one.token, one.method, one.target, one.body].map(part => text(part)).join(', ')}}`).join(', ')}};
    for (String[] call : calls)
      try {
        callerOf(call[0], call[1], call[2], call[3].getBytes(UTF_8), keys, ${text(audience)});
        System.out.println("yes");
      } catch (Exception error) {
        System.out.println("no");
      }
  }
`
      mkdirSync(join(folder, 'java'))
      const made = join(folder, 'java', 'Check.java')
      const head = `${imports.map(name => `import ${name};\n`).join('')}import static java.nio.charset.StandardCharsets.UTF_8;\n`
      writeFileSync(made, `${head}\npublic class Check {\n${code}\n${main}}\n`)
      return [made]
    },
  },
]

/** Java and Go say their versions in different ways, and Python needs a library. */
function isHere({ language, program }: Check): boolean {
  if (language === 'python') return spawnSync(program, ['-c', 'import cryptography']).status === 0
  return spawnSync(program, [language === 'go' ? 'version' : '--version']).status === 0
}

describe.each(CHECKS.filter(isHere))('the check of docs/gateway.md in $language', ({ language, program, write }) => {
  it('takes the call that a token is for, and no other', async () => {
    const [, code = ''] = new RegExp(`\`\`\`${language} check\n(.*?)\`\`\``, 's').exec(page) ?? []
    expect(code.split('\n').length).toBeGreaterThan(5)
    const post = await call('POST', '/pay?a=1', '{"a":1}')
    const { token, method, target, body } = post
    const get = await call('GET', '/x')
    const [head = '', claims = '', signature = ''] = token.split('.')
    const changed = (change: object, header: object = {}): string => {
      const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const known = JSON.parse(Buffer.from(head, 'base64url').toString()) as object
      return `${encode({ ...known, ...header })}.${encode({ ...claimsOf(token), ...change })}.${signature}`
    }
    // Of the gateway's other key, too late, and for somebody else: signed by whoever has the key.
    const { createIdentitySigner } = await import('../src/gateway/signed-identity.ts')
    const key = await service.source.find(post.keyId)
    if (key === undefined) throw new Error('The key is there.')
    const own = { key, requestId: 'r', method, target, digest: String(claimsOf(token)['digest']) }
    const signedBy = (pems: readonly string[], audience: string, ageMs = 0) =>
      createIdentitySigner(pems, () => Date.now() - ageMs).sign({ ...own, audience })
    const cases: readonly (readonly [token: string, method: string, target: string, body: string, is: 'yes' | 'no'])[] = [
      [token, method, target, body, 'yes'],
      [get.token, get.method, get.target, get.body, 'yes'],
      [await signedBy([pem2], AUDIENCE), method, target, body, 'yes'],
      [token, 'PUT', target, body, 'no'],
      [token, method, '/v1/pay?a=2', body, 'no'],
      [token, method, target, '{"a":2}', 'no'],
      [get.token, method, target, body, 'no'],
      [await signedBy([pem1], 'http://elsewhere.internal'), method, target, body, 'no'],
      [await signedBy([pem()], AUDIENCE), method, target, body, 'no'],
      [await signedBy([pem1], AUDIENCE, 61_000), method, target, body, 'no'],
      [changed({ permissions: ['root'] }), method, target, body, 'no'],
      [changed({ exp: 1 }), method, target, body, 'no'],
      [changed({}, { alg: 'none' }).replace(/[^.]*$/, ''), method, target, body, 'no'],
      [`${head}.${claims}.`, method, target, body, 'no'],
      ['', method, target, body, 'no'],
      ['forged', method, target, body, 'no'],
    ]
    const file = join(folder, `calls-${language}.json`)
    const calls = cases.map(([one, by, to, sent]) => ({ token: one, method: by, target: to, body: sent }))
    writeFileSync(file, JSON.stringify({ calls, jwks: await jwks(), audience: AUDIENCE }))
    const { stdout } = await promisify(execFile)(program, [...write(code, file)])
    expect(stdout.trim().split(/\s+/)).toEqual(cases.map(([, , , , is]) => is))
  }, 120_000)
})
