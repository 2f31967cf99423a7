import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AdminApp, type KeyService, listen, openKeyService } from '../src/index.ts'

const ACTOR = { name: 'test', address: '' }
const SECRET = 'a secret of the client'
const CODE = 'a-code-that-nobody-else-has'
const ORIGIN = 'https://keys.example.com'
const START = '/admin/v1/session/oidc'
const folder = mkdtempSync(join(tmpdir(), 'countersign-oidc-refusals-'))
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

let provider: Server
let issuer = ''
let answerToken: (response: ServerResponse, nonce: string) => void | Promise<void>
let nonce = ''
let service: KeyService
let app: AdminApp
let goneId = ''
const errors: unknown[] = []

beforeAll(async () => {
  provider = createServer((request, response) => void answer(request, response))
  issuer = `http://127.0.0.1:${await listen(provider, 0, '127.0.0.1')}`
  const store = join(folder, 'keys.db')
  const first = await openKeyService({ store })
  const { administrator } = await first.administrators.create(ACTOR, undefined, { name: 'Ada', role: 'operator' })
  const { administrator: gone } = await first.administrators.create(ACTOR, undefined, { name: 'Gone', role: 'operator' })
  await first.administrators.disable(ACTOR, undefined, gone.id)
  await first.close()
  goneId = gone.id
  const people = [
    { email: 'ada@example.com', administrator: administrator.id },
    { subject: 'gone', administrator: gone.id },
  ]
  let passedMs = 0
  service = await openKeyService({
    store,
    oidc: { settings: { issuer, clientId: 'countersign', publicOrigin: ORIGIN, people }, clientSecret: SECRET },
    onError: error => errors.push(error),
    // So that no try has to wait for those before it.
    clock() {
      passedMs += 60_000
      return Date.now() + passedMs
    },
  })
  app = await service.loadAdminApp()
})
afterAll(async () => {
  await service.close()
  provider.close()
  rmSync(folder, { recursive: true, force: true })
})

/** As OpenID Connect Core and Discovery 1.0 have it, as far as a sign-in asks. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const json = (body: object): unknown => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  if (request.url === '/token') return await answerToken(response, nonce)
  if (request.url === '/jwks') return void json({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }] })
  json({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  })
}

/** A sign-in up to what the console is told, with what the log is told of it. */
async function signIn(come: (state: string) => string): Promise<{ readonly code: string | null; readonly log: string }> {
  const begun = await app.fetch(new Request(`${ORIGIN}${START}`))
  const query = new URL(begun.headers.get('location') ?? '').searchParams
  nonce = query.get('nonce') ?? ''
  const cookie = (begun.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? ''
  const before = errors.length
  const state = encodeURIComponent(query.get('state') ?? '')
  const done = await app.fetch(new Request(`${ORIGIN}${START}/callback?${come(state)}`, { headers: { cookie } }))
  const { hash } = new URL(done.headers.get('location') ?? '', ORIGIN)
  const log = errors.slice(before).map(String).join('|')
  for (const secret of [SECRET, CODE, cookie.split('=')[1] ?? '', nonce]) expect(log).not.toContain(secret)
  expect(log).toMatch(/^[ -~]*$/)
  return { code: new URLSearchParams(hash.slice(1)).get('problem'), log }
}

const withCode = (state: string): string => `code=${CODE}&state=${state}`

describe('a sign-in by OpenID Connect that is refused has in the log what was wrong', () => {
  const refusing =
    (body: object, headers: Record<string, string> = {}) =>
    (response: ServerResponse) =>
      void response.writeHead(401, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

  it.each<readonly [string, (response: ServerResponse) => void, RegExp]>([
    ['wrong secret', refusing({ error: 'invalid_client', error_description: 'wrong secret' }), /invalid_client: wrong secret/],
    [
      'wrong secret, with a challenge alone',
      refusing({}, { 'www-authenticate': 'Basic error="invalid_client", error_description="wrong secret"' }),
      /invalid_client: wrong secret/,
    ],
    [
      'wrong secret, with a challenge that says nothing',
      refusing({ error: 'invalid_client', error_description: 'wrong secret' }, { 'www-authenticate': 'Basic realm="a"' }),
      /invalid_client: wrong secret/,
    ],
    ['no words', refusing({ error: 'invalid_grant' }), /invalid_grant/],
    ['its own secret and code', refusing({ error: 'invalid_client', error_description: `not ${SECRET} and ${CODE}` }), /invalid_client$/],
    ['several lines', refusing({ error: 'invalid_client', error_description: 'one\r\n\u001b[31mtwo' }), /invalid_client: one \[31mtwo/],
  ])('%s', async (_, refuse, told) => {
    answerToken = refuse
    expect(await signIn(withCode)).toEqual({ code: 'oidc-wrong', log: expect.stringMatching(told) as string })
  })

  it('denied by the provider, in its own words', async () => {
    const come = (state: string): string => `error=access_denied&error_description=not+in+the+group%0d%0a&state=${state}`
    expect(await signIn(come)).toEqual({ code: 'oidc-denied', log: expect.stringContaining('access_denied: not in the group') as string })
  })

  const issuing = (claims: { readonly sub: string; readonly [name: string]: unknown }) => async (response: ServerResponse, of: string) => {
    const token = await new SignJWT({ ...claims, nonce: of })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setIssuer(issuer)
      .setAudience('countersign')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey)
    const body = { access_token: 'secret-access-token', token_type: 'Bearer', id_token: token }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

  it.each<readonly [string, { readonly sub: string; readonly [name: string]: unknown }, () => string]>([
    [
      'an unknown person',
      { sub: 'bob', email: 'bob@example.com', email_verified: true },
      () => 'subject is bob, with the address bob@example.com, is none',
    ],
    [
      'an address that is not verified',
      { sub: 'ada', email: 'ada@example.com', email_verified: false },
      () => "ada@example.com of one of people, but the provider doesn't say that it is verified",
    ],
    ['no address', { sub: 'ada' }, () => 'subject is ada, of whom the provider tells no address'],
    ['a disabled administrator', { sub: 'gone' }, () => `the administrator ${goneId} of people is not there, is disabled`],
  ])('%s', async (_, claims, told) => {
    answerToken = issuing(claims)
    expect(await signIn(withCode)).toEqual({ code: 'oidc-unknown-person', log: expect.stringContaining(told()) as string })
  })

  it('and whoever is let in is no error', async () => {
    answerToken = issuing({ sub: 'ada', email: 'ada@example.com', email_verified: true })
    expect(await signIn(withCode)).toEqual({ code: null, log: '' })
  })
})
