import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, SignJWT, UnsecuredJWT } from 'jose'
import { type GrantContext, Provider } from 'oidc-provider'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openKeyService, type RunningServer, readAudit, startServer } from '../packages/server/src/index.ts'

const ACTOR = { name: 'test', address: '' }
const CLIENT = { id: 'countersign', secret: 'a secret of the client' }
const folder = mkdtempSync(join(tmpdir(), 'countersign-oidc-'))

/** Who signs in at the provider. */
interface Person {
  readonly sub: string
  readonly email?: string
  readonly email_verified?: unknown
  readonly groups?: unknown
}

/** So that no try has to wait for those before it. */
let passed = 0
beforeEach(() => {
  passed += 3_600_000
})

const ADA: Person = { sub: 'ada', email: 'Ada@Example.com', email_verified: true }

/** A browser that keeps cookies, and shows each redirect. */
function browser() {
  const jars = new Map<string, Map<string, string>>()
  return {
    jars,
    async get(url: string): Promise<Response> {
      const { origin } = new URL(url)
      const jar = jars.get(origin) ?? new Map<string, string>()
      jars.set(origin, jar)
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await fetch(url, { redirect: 'manual', headers: cookie === '' ? {} : { cookie } })
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (/max-age=0|expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name)
        else jar.set(name, value)
      }
      return response
    },
    /** Follows redirects up to one that leads to a path. */
    async upTo(url: string, path: string): Promise<string> {
      let at = url
      for (let hop = 0; hop < 10; hop++) {
        const response = await this.get(at)
        const location = response.headers.get('location')
        if (location === null) throw new Error(`${at}: ${response.status} ${await response.text()}`)
        at = new URL(location, at).href
        if (new URL(at).pathname === path) return at
      }
      throw new Error('too many redirects')
    },
  }
}

const CALLBACK = '/admin/v1/session/oidc/callback'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function start(issuer: string, more: object = {}) {
  const store = join(mkdtempSync(join(folder, 'store-')), 'keys.db')
  const service = await openKeyService({ store })
  await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
  const { administrator } = await service.administrators.create(ACTOR, undefined, { name: 'Ada', role: 'admin', organisationId: 'acme' })
  const { administrator: gone } = await service.administrators.create(ACTOR, undefined, { name: 'Gone', role: 'operator' })
  await service.administrators.disable(ACTOR, undefined, gone.id)
  await service.close()
  const port = await freePort()
  const publicOrigin = `http://127.0.0.1:${port}`
  const people = [
    { email: 'ada@example.com', administrator: administrator.id },
    { email: 'gone@example.com', administrator: gone.id },
    { email: 'keyk@example.com', administrator: administrator.id },
    { group: 'keys-admins', administrator: administrator.id },
    { subject: 'by-subject', administrator: administrator.id },
  ]
  const settings = { issuer, clientId: CLIENT.id, publicOrigin, people, scopes: ['email', 'groups'], ...more }
  const errors: unknown[] = []
  const server = await startServer({
    store,
    port,
    oidc: { settings, clientSecret: CLIENT.secret },
    onError: error => errors.push(error),
    clock: () => Date.now() + passed,
  })
  return { server, administrator, errors }
}

async function signedInAs(origin: string, jar: ReadonlyMap<string, string> | undefined): Promise<{ status: number; id?: string }> {
  const cookie = [...(jar ?? [])].map(([name, value]) => `${name}=${value}`).join('; ')
  const response = await fetch(`${origin}/admin/v1/session`, { headers: { cookie } })
  const body = (await response.json()) as { administrator?: { id: string } }
  return { status: response.status, ...(body.administrator === undefined ? {} : { id: body.administrator.id }) }
}

describe('sign-in by a real provider (oidc-provider)', () => {
  let person: Person = ADA
  let providerServer: Server
  let issuer = ''
  let server: RunningServer
  let administratorId = ''

  beforeAll(async () => {
    const port = await freePort()
    issuer = `http://127.0.0.1:${port}`
    const started = await start(issuer)
    ;({ server } = started)
    administratorId = started.administrator.id
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          redirect_uris: [`${server.origin}${CALLBACK}`],
          response_types: ['code'],
          grant_types: ['authorization_code'],
          token_endpoint_auth_method: 'client_secret_basic',
        },
      ],
      pkce: { required: () => true },
      cookies: { keys: ['of the test'] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
      conformIdTokenClaims: false,
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
      findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ ...person }) }),
      async loadExistingGrant({ oidc }: GrantContext) {
        const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
        grant.addOIDCScope('openid email groups')
        await grant.save()
        return grant
      },
    })
    const callback = provider.callback()
    providerServer = createServer((request, response) => {
      if (request.url?.startsWith('/interaction/') === true)
        void provider.interactionFinished(request, response, { login: { accountId: person.sub } })
      else void callback(request, response)
    }).listen(port, '127.0.0.1')
    await once(providerServer, 'listening')
  })
  beforeEach(() => {
    person = ADA
  })
  afterAll(async () => {
    await server.close()
    providerServer.closeAllConnections()
    providerServer.close()
  })

  it('lets a person in whose verified address is an administrator’s, for a session as a token’s', async () => {
    const { get, upTo, jars } = browser()
    const back = await (async () => upTo.call({ get } as never, `${server.origin}/admin/v1/session/oidc`, CALLBACK))()
    const last = await get(back)
    expect([last.status, last.headers.get('location')]).toEqual([303, `/console/#signed-in=${administratorId}`])
    const line = last.headers.getSetCookie().find(one => one.startsWith('countersign_session=')) ?? ''
    expect(line).toMatch(/; HttpOnly; SameSite=Strict; Path=\/; Max-Age=28800$/)
    expect(await signedInAs(server.origin, jars.get(server.origin))).toEqual({ status: 200, id: administratorId })
    const entries = []
    for await (const entry of readAudit(server.service.database.db)) entries.push(entry)
    expect(entries.at(-1)).toMatchObject({ action: 'session.begin', subject: administratorId, detail: { by: 'oidc' } })
  })

  it.each<[string, Person, string | undefined]>([
    ['one of a group', { sub: 'x', groups: ['staff', 'keys-admins'] }, undefined],
    ['one who is named by the provider’s id', { sub: 'by-subject' }, undefined],
    ['one whose address is not verified', { ...ADA, email_verified: false }, 'oidc-unknown-person'],
    ['one whose address is verified in words alone', { ...ADA, email_verified: 'true' }, 'oidc-unknown-person'],
    ['one who has only an account', { sub: 'eve', email: 'eve@example.com', email_verified: true }, 'oidc-unknown-person'],
    ['one whose administrator is disabled', { sub: 'gone', email: 'gone@example.com', email_verified: true }, 'oidc-unknown-person'],
    [
      'one whose administrator is disabled, and who is in a group',
      { sub: 'gone', email: 'gone@example.com', email_verified: true, groups: ['keys-admins'] },
      'oidc-unknown-person',
    ],
    ['one whose groups are text', { sub: 'x', groups: 'keys-admins' }, 'oidc-unknown-person'],
    [
      'one whose address has the sign for kelvin',
      { sub: 'x', email: 'key\u212A@example.com', email_verified: true },
      'oidc-unknown-person',
    ],
    ['one of a group with a like name', { sub: 'x', groups: ['keys-admins-trial'] }, 'oidc-unknown-person'],
  ])('decides about %s', async (_, who, problem) => {
    person = who
    const tab = browser()
    const last = await tab.get(await tab.upTo(`${server.origin}/admin/v1/session/oidc`, CALLBACK))
    expect(last.headers.get('location')).toBe(
      problem === undefined ? `/console/#signed-in=${administratorId}` : `/console/#problem=${problem}`,
    )
    expect((await signedInAs(server.origin, tab.jars.get(server.origin))).status).toBe(problem === undefined ? 200 : 401)
  })

  it('takes a code once, and only from the browser that it was for', async () => {
    const [tab, other] = [browser(), browser()]
    const back = await tab.upTo(`${server.origin}/admin/v1/session/oidc`, CALLBACK)
    // Another browser with that address, which a person was sent: it would be signed in as somebody else.
    expect((await other.get(back)).headers.get('location')).toBe('/console/#problem=oidc-expired')
    await other.upTo(`${server.origin}/admin/v1/session/oidc`, CALLBACK)
    expect((await other.get(back)).headers.get('location')).toBe('/console/#problem=oidc-wrong')
    const kept = new Map(tab.jars.get(server.origin))
    expect((await tab.get(back)).headers.get('location')).toBe(`/console/#signed-in=${administratorId}`)
    // The same code again, even with the cookie that was taken away.
    tab.jars.set(server.origin, kept)
    expect((await tab.get(back)).headers.get('location')).toBe('/console/#problem=oidc-wrong')
  })

  it.each([
    ['the address of a page elsewhere', '?return=https://evil.example/&next=//evil.example&redirect_uri=https://evil.example/'],
    ['another host in a header', ''],
  ])('goes back to its own console, and not to %s', async (_, query) => {
    const { headers } = await fetch(`${server.origin}/admin/v1/session/oidc${query}`, {
      redirect: 'manual',
      headers: { 'x-forwarded-host': 'evil.example' },
    })
    const location = new URL(headers.get('location') ?? '')
    expect(location.origin).toBe(issuer)
    expect(location.searchParams.get('redirect_uri')).toBe(`${server.origin}${CALLBACK}`)
    expect(headers.getSetCookie()[0]).toMatch(
      /^countersign_sign_in=.*; HttpOnly; SameSite=Lax; Path=\/admin\/v1\/session\/oidc; Max-Age=600$/,
    )
  })

  it('notes what it refused in the audit log, without what was in the address', async () => {
    person = { sub: 'eve' }
    const tab = browser()
    await tab.get(await tab.upTo(`${server.origin}/admin/v1/session/oidc`, CALLBACK))
    await server.service.refusals.flush()
    const details = []
    for await (const { action, detail } of readAudit(server.service.database.db)) if (action === 'request.refused') details.push(detail)
    expect(details).toEqual(expect.arrayContaining([expect.objectContaining({ code: 'oidc-unknown-person' })]))
    expect(JSON.stringify(details)).not.toMatch(/code=|state=/)
  })

  it('says that there is a provider, and goes on taking tokens', async () => {
    expect(await (await fetch(`${server.origin}/admin/v1/sign-in`)).json()).toEqual({ oidc: true })
    const { token } = await server.service.administrators.create(ACTOR, undefined, { name: 'by token', role: 'operator' })
    expect((await fetch(`${server.origin}/admin/v1/keys`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200)
  })
})

describe('sign-in by a provider that lies', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
  let liar: Server
  let issuer = ''
  let idToken: (nonce: string) => Promise<string> = async () => ''
  let running: Awaited<ReturnType<typeof start>>
  let nonce = ''
  let broken = ''

  beforeAll(async () => {
    const port = await freePort()
    issuer = `http://127.0.0.1:${port}`
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
    liar = createServer(async (request, response) => {
      const { pathname } = new URL(request.url ?? '', issuer)
      const answer = (body: object, status = 200) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      if (pathname === '/.well-known/openid-configuration')
        answer({
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/jwks`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256', 'none', 'HS256'],
        })
      else if (broken !== '' && pathname === `/${broken}`) answer({ error: 'broken' }, 503)
      else if (pathname === '/jwks') answer({ keys: [jwk] })
      else if (pathname === '/token') {
        request.resume()
        answer({ access_token: 'a', token_type: 'Bearer', id_token: await idToken(nonce) })
      } else answer({}, 404)
    }).listen(port, '127.0.0.1')
    await once(liar, 'listening')
    running = await start(issuer)
  })
  afterEach(() => {
    running.errors.length = 0
  })
  afterAll(async () => {
    await running.server.close()
    liar.closeAllConnections()
    liar.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const claims = (more: object = {}) => ({ email: 'ada@example.com', email_verified: true, nonce, ...more })
  const jwt = (given: object = {}, header: object = {}) =>
    new SignJWT(claims(given))
      .setProtectedHeader({ alg: 'RS256', kid: 'one', ...header })
      .setIssuer(issuer)
      .setAudience(CLIENT.id)
      .setSubject('ada')
      .setIssuedAt()
      .setExpirationTime('5m')

  const TOKENS: { readonly [what: string]: readonly [make: () => Promise<string>, problem: string | undefined] } = {
    'a right one': [() => jwt().sign(privateKey), undefined],
    'another nonce': [() => jwt({ nonce: 'another' }).sign(privateKey), 'oidc-wrong'],
    'no nonce': [() => jwt({ nonce: undefined }).sign(privateKey), 'oidc-wrong'],
    'another audience': [() => jwt().setAudience('other').sign(privateKey), 'oidc-wrong'],
    'several audiences, and no word of whom it was made for': [
      () => jwt().setAudience([CLIENT.id, 'other']).sign(privateKey),
      'oidc-wrong',
    ],
    'another issuer': [() => jwt().setIssuer('https://evil.example').sign(privateKey), 'oidc-wrong'],
    'a token that has expired': [() => jwt().setExpirationTime(1).sign(privateKey), 'oidc-wrong'],
    'a signature by a stranger': [() => jwt().sign(stranger.privateKey), 'oidc-wrong'],
    'no signature': [
      async () =>
        new UnsecuredJWT(claims())
          .setIssuer(issuer)
          .setAudience(CLIENT.id)
          .setSubject('ada')
          .setIssuedAt()
          .setExpirationTime('5m')
          .encode(),
      'oidc-wrong',
    ],
    'a signature by the public key as a secret': [
      () => jwt({}, { alg: 'HS256' }).sign(Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }).toString())),
      'oidc-wrong',
    ],
    'no token': [async () => '', 'oidc-wrong'],
  }

  async function callBack(change: (query: URLSearchParams) => void = () => undefined, { origin } = running.server) {
    const tab = browser()
    const { headers } = await tab.get(`${origin}/admin/v1/session/oidc`)
    const asked = new URL(headers.get('location') ?? '').searchParams
    nonce = asked.get('nonce') ?? ''
    const query = new URLSearchParams({ code: 'a-code', state: asked.get('state') ?? '' })
    change(query)
    const last = await tab.get(`${origin}${CALLBACK}?${query}`)
    const { status } = await signedInAs(origin, tab.jars.get(origin))
    return { location: last.headers.get('location'), status }
  }

  it.each(Object.keys(TOKENS))('brings %s: only a right one lets anybody in', async what => {
    const [make, problem] = TOKENS[what] ?? []
    idToken = make ?? idToken
    const { location, status } = await callBack()
    if (problem !== undefined) expect(String(running.errors.at(-1))).toMatch(/sign-in by OpenID Connect: \S/)
    expect(JSON.stringify(running.errors.map(String))).not.toMatch(/eyJ|a secret of the client/)
    expect(location).toMatch(problem === undefined ? /^\/console\/#signed-in=/ : new RegExp(`#problem=${problem}$`))
    expect(status).toBe(problem === undefined ? 200 : 401)
  })

  it.each<[string, (query: URLSearchParams) => void, string]>([
    ['another state', query => query.set('state', 'another-state-of-somebody'), 'oidc-wrong'],
    ['no state', query => query.delete('state'), 'oidc-wrong'],
    ['no code', query => query.delete('code'), 'oidc-wrong'],
    ['two codes', query => query.append('code', 'b'), 'oidc-wrong'],
    ['another issuer', query => query.set('iss', 'https://evil.example'), 'oidc-wrong'],
    ['that it was denied', query => query.set('error', 'access_denied'), 'oidc-denied'],
    ['a word that is none', query => query.set('error', '<script>'), 'oidc-denied'],
  ])('sends a browser back with %s', async (_, change, problem) => {
    idToken = () => jwt().sign(privateKey)
    expect(await callBack(change)).toEqual({ location: `/console/#problem=${problem}`, status: 401 })
  })

  it('has strangers wait after some tries, and not those who come from elsewhere with a token', async () => {
    idToken = () => jwt({ nonce: 'another' }).sign(privateKey)
    const problems = []
    for (let count = 0; count < 7; count++) problems.push((await callBack()).location)
    expect(problems.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => '/console/#problem=oidc-wrong'))
    expect(problems.at(-1)).toBe('/console/#problem=login-throttled')
  })

  it.each(['token', 'jwks'])('is broken at its %s: that is said, and counts as no try', async where => {
    // One that knows no keys yet.
    const { server } = await start(issuer)
    broken = where
    idToken = () => jwt().sign(privateKey)
    try {
      for (let count = 0; count < 7; count++)
        expect(await callBack(undefined, server)).toEqual({ location: '/console/#problem=oidc-unavailable', status: 401 })
    } finally {
      broken = ''
      await server.close()
    }
  })

  it('behind TLS: cookies never go without, and it comes back to the public origin', async () => {
    const behind = await start(issuer, { publicOrigin: 'https://keys.example.com' })
    try {
      const { headers } = await fetch(`${behind.server.origin}/admin/v1/session/oidc`, { redirect: 'manual' })
      const asked = new URL(headers.get('location') ?? '').searchParams
      expect(asked.get('redirect_uri')).toBe(`https://keys.example.com${CALLBACK}`)
      const [attempt = ''] = headers.getSetCookie()
      expect(attempt).toContain('; Secure')
      nonce = asked.get('nonce') ?? ''
      idToken = () => jwt().sign(privateKey)
      const back = await fetch(`${behind.server.origin}${CALLBACK}?code=c&state=${asked.get('state')}`, {
        redirect: 'manual',
        headers: { cookie: attempt.split(';')[0] ?? '' },
      })
      expect(back.headers.getSetCookie().find(line => line.startsWith('countersign_session='))).toContain('; Secure')
    } finally {
      await behind.server.close()
    }
  })

  it('is away: that is said, and the process goes on', async () => {
    const port = await freePort()
    const away = await start(`http://127.0.0.1:${port}`)
    try {
      const { headers } = await fetch(`${away.server.origin}/admin/v1/session/oidc`, { redirect: 'manual' })
      expect(headers.get('location')).toBe('/console/#problem=oidc-unavailable')
      expect(away.errors).not.toEqual([])
      expect(JSON.stringify(away.errors.map(String))).not.toContain(CLIENT.secret)
      expect((await fetch(`${away.server.origin}/health`)).status).toBe(200)
    } finally {
      await away.server.close()
    }
  })
})
