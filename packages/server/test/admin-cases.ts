import { Ajv2020 } from 'ajv/dist/2020.js'
import { createSigner, createVerifier } from 'countersign'
import { qredoV1, SCHEMES } from 'countersign/schemes'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeAdminApi } from '../src/admin/description.ts'
import { routes } from '../src/admin/routes/index.ts'
import { bootstrap, createMasterKeyFile, type KeyService, openKeyService } from '../src/index.ts'
import { CATALOGUE } from './catalogue.ts'
import type { Backend } from './stores.ts'

let service: KeyService
let now = Date.now()
const errors: unknown[] = []
const tokens = { operator: '', acme: '', auditor: '', umbrella: '' }
let keyId = ''

async function call(method: string, path: string, token: string | undefined, body?: unknown, headers: Record<string, string> = {}) {
  const response = await (await service.loadAdminApp()).request(path, {
    method,
    headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: /json$/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined,
  }
}

async function begin(backend: Backend): Promise<void> {
  await backend.begin()
  const where = await backend.newStore()
  createMasterKeyFile(where.masterKeyFile)
  service = await openKeyService({
    ...where,
    permissions: CATALOGUE,
    usedSchemes: [qredoV1.name],
    clock: () => now,
    flushMs: 3_600_000,
    onError: error => errors.push(error),
  })
  await bootstrap(service, token => {
    tokens.operator = token
  })
  const operator = (method: string, path: string, body: unknown) => call(method, path, tokens.operator, body)
  for (const name of ['acme', 'umbrella'] as const) {
    const { json: organisation } = await operator('POST', '/admin/v1/organisations', { name })
    const { json } = await operator('POST', '/admin/v1/administrators', {
      name: `${name}'s admin`,
      role: 'admin',
      organisationId: organisation.id,
    })
    tokens[name] = json.token
  }
  tokens.auditor = (await call('POST', '/admin/v1/administrators', tokens.acme, { name: 'auditor', role: 'auditor' })).json.token
  keyId = (await call('POST', '/admin/v1/keys', tokens.acme, { name: 'Trading', permissions: ['balance'] })).json.key.id
}

/** What the admin API does, on either database. */
export function describeAdminServer(backend: Backend): void {
  describe.skipIf(!backend.isHere)(`the admin API on ${backend.title}`, () => {
    beforeAll(() => begin(backend), 60_000)
    afterAll(async () => {
      await service.close()
      await backend.end()
    })

    it('makes the operator’s token once, on the first start', async () => {
      expect(tokens.operator).toMatch(/^csa_/)
      await bootstrap(service, () => expect.unreachable('There is an operator already.'))
    })

    it('leads a key through its life', async () => {
      const { status, json } = await call('POST', '/admin/v1/keys', tokens.acme, {
        name: 'Life',
        permissions: ['web3'],
        addresses: ['10.0.0.0/8'],
        labels: { a: 'b' },
      })
      expect(status).toBe(201)
      const { id } = json.key
      const verifier = createVerifier(qredoV1, {
        origin: 'https://api.example.com',
        keys: service.source.ofScheme('qredo-v1'),
        clock: () => now,
      })
      const { headers } = createSigner(qredoV1, { keyId: id, secret: json.secret }, { clock: () => now }).sign({
        method: 'GET',
        url: 'https://api.example.com/x',
      })
      expect(await verifier.verify({ method: 'GET', target: '/x', headers, address: '10.1.1.1' })).toMatchObject({ ok: true })
      expect((await call('PATCH', `/admin/v1/keys/${id}`, tokens.acme, { permissions: ['read_only'] })).json.permissions).toEqual([
        'read_only',
      ])
      const rotated = await call('POST', `/admin/v1/keys/${id}/rotate`, tokens.acme, { overlapSeconds: 60 })
      expect(rotated.json.key.secrets).toHaveLength(2)
      expect((await call('POST', `/admin/v1/keys/${id}/disable`, tokens.acme)).json.state).toBe('disabled')
      expect((await call('POST', `/admin/v1/keys/${id}/enable`, tokens.acme)).json.state).toBe('active')
      expect((await call('GET', `/admin/v1/keys/${id}/usage`, tokens.acme)).json).toEqual({ lastUsedAt: null, days: [], refusals: [] })
      expect((await call('GET', `/admin/v1/keys/${id}/public-key`, tokens.acme)).json).toMatchObject({
        code: 'public-key-missing',
        status: 404,
      })
      expect((await call('POST', `/admin/v1/keys/${id}/revoke`, tokens.acme)).json.state).toBe('revoked')
      expect((await call('POST', `/admin/v1/keys/${id}/enable`, tokens.acme)).json).toMatchObject({ code: 'key-revoked', status: 409 })
      const { json: log } = await call('GET', `/admin/v1/audit?subject=${id}`, tokens.auditor)
      expect(log.entries.map(({ action }: { action: string }) => action)).toEqual([
        'key.revoke',
        'key.enable',
        'key.disable',
        'key.rotate',
        'key.update',
        'key.create',
      ])
      expect(JSON.stringify(log)).not.toContain(json.secret)
      const { text } = await call('GET', '/admin/v1/audit/export', tokens.acme)
      const lines = text
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))
      expect(lines.length).toBeGreaterThan(6)
      expect(new Set(lines.map(({ organisationId }) => organisationId)).size).toBe(1)
      expect((await call('GET', '/admin/v1/audit/verify', tokens.operator)).json.broken).toBeUndefined()
    })

    it('speaks the Qredo API v1’s key management', async () => {
      const made = await call('POST', '/api/v1/apikey', tokens.acme, {
        name: 'v1',
        fund_id: 'f',
        permissions: { balance: true, web3: false },
      })
      expect(made.json).toMatchObject({ name: 'v1', fund_id: 'f', wallet_id: '', expiry_date: 0, permissions: ['balance'] })
      expect(Buffer.from(made.json.secret, 'base64')).toHaveLength(60)
      const { id, created } = made.json
      expect(created).toBe(Math.floor(now / 1000))
      const changed = await call('PUT', `/api/v1/apikey/${id}`, tokens.acme, { name: 'v1b', permissions: ['read_only'] })
      expect(changed.json).toMatchObject({ id, name: 'v1b', permissions: ['read_only'] })
      const list = await call('GET', '/api/v1/apikey', tokens.acme)
      expect(list.json.find((key: { id: string }) => key.id === id)).toEqual(changed.json)
      expect(list.text).not.toContain('secret')
      expect((await call('DELETE', `/api/v1/apikey/${id}`, tokens.acme)).status).toBe(200)
      expect((await call('GET', '/api/v1/apikey', tokens.acme)).json.some((key: { id: string }) => key.id === id)).toBe(false)
      expect((await call('PUT', '/api/v1/apikey/none', tokens.acme, { name: 'x' })).json).toMatchObject({
        code: 'key-unknown',
        detail: { reason: expect.any(String) },
      })
    })

    it('lets an auditor read everything and change nothing', async () => {
      for (const { method, path, access } of routes) {
        if (path === '/admin/v1/session') continue
        const { status, json } = await call(method, path.replace('{id}', keyId), tokens.auditor, method === 'GET' ? undefined : {})
        if (access === 'read') expect([path, status < 300 || json?.code === 'public-key-missing']).toEqual([path, true])
        else expect([path, status, json?.code]).toEqual([path, 403, 'role-denied'])
      }
    })

    it('answers 401 to whoever is nobody, on every route', async () => {
      for (const { method, path } of routes)
        for (const token of [undefined, 'csa_xxxxxxxxxxxx_short'])
          expect(
            (await call(method, path.replace('{id}', keyId), token, method === 'GET' ? undefined : {}, { 'x-no': '1' })).status,
          ).toBeGreaterThanOrEqual(401)
      // The wrong ones were throttled at last; it passes.
      expect((await call('GET', '/admin/v1/keys', tokens.acme)).status).toBe(429)
      now += 900_001
      expect((await call('GET', '/admin/v1/keys', tokens.acme)).status).toBe(200)
    })

    it('slows down who presents wrong tokens, and says for how long', async () => {
      const wrong = tokens.acme.replace(/.{5}$/, 'AAAAA')
      const seen: number[] = []
      for (let tries = 0; tries < 7; tries++) seen.push((await call('GET', '/admin/v1/session', wrong)).status)
      expect(seen).toEqual([401, 401, 401, 401, 401, 429, 429])
      const { status, headers } = await call('GET', '/admin/v1/session', tokens.acme)
      expect([status, headers.get('retry-after')]).toEqual([429, '1'])
      now += 1000
      expect((await call('GET', '/admin/v1/session', tokens.acme)).status).toBe(200)
    })

    it('keeps an organisation’s administrator from another’s keys, on every route', async () => {
      const before = JSON.stringify((await call('GET', `/admin/v1/keys/${keyId}`, tokens.acme)).json)
      const bodies: Record<string, unknown> = {
        'PATCH /admin/v1/keys/{id}': { name: 'mine' },
        'POST /admin/v1/keys/{id}/rotate': { overlapSeconds: 0 },
        'PUT /api/v1/apikey/{id}': { name: 'mine' },
      }
      const about = routes.filter(({ path }) => path.includes('keys/{id}') || path.includes('apikey/{id}'))
      expect(about).toHaveLength(10)
      for (const { method, path } of about) {
        const { status, text } = await call(
          method,
          path.replace('{id}', keyId),
          tokens.umbrella,
          method === 'GET' ? undefined : (bodies[`${method} ${path}`] ?? {}),
        )
        expect([method, path, status]).toEqual([method, path, 404])
        expect(text).not.toContain('Trading')
      }
      // Lists, and what names an organisation.
      const { json: organisations } = await call('GET', '/admin/v1/organisations', tokens.acme)
      const [acme] = organisations
      for (const path of [
        '/admin/v1/keys',
        `/admin/v1/keys?organisation=${acme.id}`,
        '/api/v1/apikey',
        '/admin/v1/audit',
        `/admin/v1/audit?subject=${keyId}`,
        '/admin/v1/audit/export',
        '/admin/v1/migration',
        '/admin/v1/administrators',
        '/admin/v1/organisations',
      ]) {
        const { text } = await call('GET', path, tokens.umbrella)
        expect([path, text.includes(keyId) || text.includes(acme.id) || text.includes('acme')]).toEqual([path, false])
      }
      for (const [path, body] of [
        [`/admin/v1/keys?organisation=${acme.id}`, { name: 'planted' }],
        [
          `/admin/v1/keys/import?organisation=${acme.id}`,
          { id: 'planted', name: 'planted', secret: Buffer.alloc(32, 1).toString('base64') },
        ],
      ] as const) {
        const { json } = await call('POST', path, tokens.umbrella, body)
        expect(json.key.organisationId).not.toBe(acme.id)
      }
      const { json: administrators } = await call('GET', '/admin/v1/administrators', tokens.acme)
      expect((await call('DELETE', `/admin/v1/administrators/${administrators[0].id}`, tokens.umbrella)).status).toBe(404)
      for (const body of [
        { name: 'x', role: 'operator' },
        { name: 'x', role: 'admin', organisationId: acme.id },
      ])
        expect((await call('POST', '/admin/v1/administrators', tokens.umbrella, body)).status).toBe(403)
      expect((await call('GET', '/admin/v1/audit/verify', tokens.umbrella)).status).toBe(403)
      expect((await call('PUT', `/admin/v1/organisations/${acme.id}/ceilings`, tokens.acme, {})).status).toBe(403)
      expect(JSON.stringify((await call('GET', `/admin/v1/keys/${keyId}`, tokens.acme)).json)).toBe(before)
      // No route was left out of this test.
      const covered = [
        ...about.map(({ path }) => path),
        '/admin/v1/keys',
        '/admin/v1/keys/import',
        '/api/v1/apikey',
        '/admin/v1/audit',
        '/admin/v1/audit/export',
        '/admin/v1/audit/verify',
        '/admin/v1/audit/head',
        '/admin/v1/audit/prune',
        '/admin/v1/migration',
        '/admin/v1/administrators',
        '/admin/v1/administrators/{id}',
        '/admin/v1/organisations',
        '/admin/v1/organisations/{id}/ceilings',
      ]
      const aboutNobody = [
        '/admin/v1/session',
        '/admin/v1/permissions',
        '/admin/v1/schemes',
        '/admin/v1/new-secret',
        '/admin/v1/session/token',
      ]
      expect(routes.map(({ path }) => path).filter(path => ![...covered, ...aboutNobody].includes(path))).toEqual([])
    })

    it.each([
      ['never', (): string | null => null, 403, 'expiry-too-late'],
      ['in two years', () => new Date(now + 63_072_000_000).toISOString(), 403, 'expiry-too-late'],
      ['in the past', () => new Date(now - 1000).toISOString(), 400, 'expiry-past'],
    ] as const)('lets no administrator of one organisation make a token that ends %s', async (_title, ends, status, code) => {
      const expiresAt: string | null = ends()
      const body = { name: 'x', role: 'auditor', expiresAt }
      expect(await call('POST', '/admin/v1/administrators', tokens.acme, body)).toMatchObject({ status, json: { code } })
    })

    it('says which schemes keys can be for, and which of them a gateway takes', async () => {
      const { json } = await call('GET', '/admin/v1/schemes', tokens.auditor)
      expect(json.map(({ name }: { name: string }) => name)).toEqual(SCHEMES.map(({ name }) => name))
      expect(json.filter(({ used }: { used: boolean }) => used)).toMatchObject([{ name: 'qredo-v1', keys: 'secret' }])
    })

    it('counts wrong tokens and denied roles in the audit log, and names who signs in', async () => {
      await service.refusals.flush()
      now += 60_000
      await call('GET', '/admin/v1/session', `csa_${'x'.repeat(12)}_${'y'.repeat(43)}`)
      await call('POST', '/admin/v1/keys', tokens.auditor, { name: 'x' })
      await call('GET', '/admin/v1/session', undefined)
      await call('POST', '/admin/v1/session', tokens.acme)
      await service.refusals.flush()
      const { json } = await call('GET', '/admin/v1/audit?limit=3', tokens.operator)
      expect(
        json.entries.map(({ action, detail }: { action: string; detail: { code?: string; count?: number } }) => [
          action,
          detail.code,
          detail.count,
        ]),
      ).toEqual([
        ['request.refused', 'role-denied', 1],
        ['request.refused', 'token-wrong', 1],
        ['session.begin', undefined, undefined],
      ])
    })

    it('ends an administrator’s token and sessions at once', async () => {
      const { json } = await call('POST', '/admin/v1/administrators', tokens.acme, { name: 'short', role: 'auditor' })
      const { headers } = await call('POST', '/admin/v1/session', json.token)
      const cookie = headers.get('set-cookie')?.split(';')[0] ?? ''
      expect((await call('GET', '/admin/v1/keys', undefined, undefined, { cookie })).status).toBe(200)
      expect((await call('DELETE', `/admin/v1/administrators/${json.administrator.id}`, tokens.acme)).status).toBe(204)
      expect((await call('GET', '/admin/v1/keys', undefined, undefined, { cookie })).status).toBe(401)
      expect((await call('GET', '/admin/v1/keys', json.token)).status).toBe(401)
      const { json: own } = await call('GET', '/admin/v1/session', tokens.acme)
      expect((await call('DELETE', `/admin/v1/administrators/${own.administrator.id}`, tokens.acme)).json.code).toBe('administrator-self')
    })

    describe('what is still on its way when its administrator ends', () => {
      const ofKey = (path: string) => path.replace('{id}', keyId)
      const BODIES: { readonly [route: string]: unknown } = {
        'POST /admin/v1/administrators': { name: 'a friend', role: 'operator', expiresAt: null },
        'POST /admin/v1/audit/prune': { before: '2020-01-01T00:00:00Z' },
        'POST /admin/v1/keys?organisation=acme-org': { name: 'late' },
        'POST /admin/v1/keys/import?organisation=acme-org': { name: 'late', id: 'late', secret: 's'.repeat(32) },
        'PATCH /admin/v1/keys/{id}': { name: 'late' },
        'POST /admin/v1/keys/{id}/rotate': { overlapSeconds: 0 },
        'POST /admin/v1/organisations': { name: 'late' },
        'PUT /admin/v1/organisations/{id}/ceilings': { maxKeys: 1 },
        'PUT /api/v1/apikey/{id}': { name: 'late' },
        'POST /api/v1/apikey': { name: 'late' },
      }
      /** Changes nothing. */
      const PROPOSES = 'POST /admin/v1/new-secret'

      it('has a row for every route with a body', () => {
        const withBody = routes.filter(({ body }) => body !== undefined).map(({ method, path }) => `${method} ${path}`)
        expect([...Object.keys(BODIES).map(row => row.replace(/\?.*/, '')), PROPOSES].sort()).toEqual(withBody.sort())
      })

      const ends: readonly (readonly [string, (id: string) => unknown])[] = [
        ['is disabled', id => call('DELETE', `/admin/v1/administrators/${id}`, tokens.operator)],
        [
          'has a token that ends',
          () => {
            now += 3_600_000
          },
        ],
      ]
      it.each(ends.flatMap(([what, end]) => Object.entries(BODIES).map(([row, body]) => [what, row, body, end] as const)))(
        '%s: %s',
        async (_, row, body, end) => {
          const [method = '', path = ''] = row.split(' ')
          const { organisationId } = (await call('GET', `/admin/v1/keys/${keyId}`, tokens.operator)).json
          const isOfOne = path === '/api/v1/apikey'
          const { json } = await call('POST', '/admin/v1/administrators', tokens.operator, {
            name: 'ends',
            expiresAt: new Date(now + 3_600_000).toISOString(),
            ...(isOfOne ? { role: 'admin', organisationId } : { role: 'operator' }),
          })
          const before = (await service.audit.head()).sequence
          let sendBody = (_text: string): void => undefined
          const slow = new ReadableStream({
            start(controller) {
              controller.enqueue(Buffer.from(' '))
              sendBody = text => {
                controller.enqueue(Buffer.from(text))
                controller.close()
              }
            },
          })
          const request = new Request(`http://localhost${ofKey(path).replace('acme-org', organisationId)}`, {
            method,
            headers: { authorization: `Bearer ${json.token}` },
            body: slow,
            duplex: 'half',
          } as RequestInit)
          const answer = Promise.resolve((await service.loadAdminApp()).request(request))
          await expect.poll(() => slow.locked).toBe(true)
          await end(json.administrator.id)
          const between = (await service.audit.head()).sequence
          sendBody(JSON.stringify(body))
          expect((await answer).status).toBe(401)
          expect((await service.audit.head()).sequence - between).toBe(0)
          expect(between - before).toBeLessThanOrEqual(1)
        },
      )
    })

    it('ends a session with the token that it was begun with, and begins none by a session', async () => {
      const { json } = await call('POST', '/admin/v1/administrators', tokens.acme, { name: 'renews', role: 'auditor' })
      const beginBy = async (token: string) => {
        const { headers } = await call('POST', '/admin/v1/session', token)
        return headers.get('set-cookie')?.split(';')[0] ?? ''
      }
      const renew = async (token: string): Promise<string> => (await call('POST', '/admin/v1/session/token', token)).json.token
      const status = async (cookie: string) => (await call('GET', '/admin/v1/keys', undefined, undefined, { cookie })).status
      const first = await beginBy(json.token)
      const second = await renew(json.token)
      // For an hour, the one that renewed itself is good.
      expect([await status(first), await status(await beginBy(second))]).toEqual([200, 200])
      const third = await renew(second)
      const last = await beginBy(third)
      expect([await status(first), await status(last)]).toEqual([401, 200])
      const { json: own } = await call('GET', '/admin/v1/session', undefined, undefined, { cookie: last })
      const again = await call('POST', '/admin/v1/session', undefined, undefined, { cookie: last, 'x-csrf-token': own.csrfToken })
      expect(again.json).toMatchObject({ code: 'token-missing', status: 403 })
      const between = await beginBy(second)
      now += 3_600_000
      expect([await status(between), await status(last)]).toEqual([401, 200])
    })

    it('takes changes from a session only with its token against cross-site requests', async () => {
      const { json, headers } = await call('POST', '/admin/v1/session', tokens.acme)
      expect(headers.get('set-cookie')).toMatch(/^countersign_session=\S{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=28800$/)
      const cookie = headers.get('set-cookie')?.split(';')[0] ?? ''
      const make = (more: Record<string, string>) => call('POST', '/admin/v1/keys', undefined, { name: 's' }, { cookie, ...more })
      expect((await make({})).json).toMatchObject({ code: 'csrf-token-wrong', status: 403 })
      expect((await make({ 'x-csrf-token': 'x'.repeat(43) })).status).toBe(403)
      expect((await make({ 'x-csrf-token': json.csrfToken, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
      expect((await make({ 'x-csrf-token': json.csrfToken, 'sec-fetch-site': 'same-origin' })).status).toBe(201)
      expect((await call('GET', '/admin/v1/session', undefined, undefined, { cookie })).json.csrfToken).toBe(json.csrfToken)
      expect(JSON.stringify(await service.database.db.selectFrom('session').selectAll().execute())).not.toContain(cookie.slice(-43))
      // A session doesn't become a token, which would outlive it.
      const own = { cookie, 'x-csrf-token': json.csrfToken }
      expect((await call('POST', '/admin/v1/session/token', undefined, undefined, own)).json).toMatchObject({
        code: 'token-missing',
        status: 403,
      })
      expect((await call('DELETE', '/admin/v1/session', undefined, undefined, own)).status).toBe(204)
      expect((await call('GET', '/admin/v1/session', undefined, undefined, { cookie })).status).toBe(401)
    })

    it('says what is wrong with what it gets', async () => {
      const made = (body: unknown) => call('POST', '/admin/v1/keys', tokens.acme, body)
      expect((await made('{')).json).toMatchObject({ code: 'body-malformed', status: 400 })
      expect((await made({})).json).toMatchObject({ code: 'body-invalid', detail: expect.stringContaining('name') })
      expect((await made({ name: 'x', admin: true })).json.code).toBe('body-invalid')
      expect((await made({ name: 'x', permissions: ['root'] })).json).toMatchObject({
        code: 'permission-unknown',
        detail: expect.stringContaining('read_only'),
      })
      expect((await made({ name: 'x', addresses: ['everywhere'] })).json).toMatchObject({ code: 'option-invalid', status: 400 })
      expect((await made('x'.repeat(70_000))).status).toBe(413)
      expect((await call('GET', '/admin/v1/keys?limit=0', tokens.acme)).json.code).toBe('query-invalid')
      expect((await call('GET', '/admin/v1/nothing', tokens.acme)).json).toMatchObject({ code: 'not-found', status: 404 })
      expect((await call('POST', '/admin/v1/keys', tokens.operator, { name: 'x' })).json.code).toBe('organisation-missing')
    })

    it('takes no control character in what is printed later', async () => {
      const path = `/admin/v1/keys/${keyId}`
      const texts: readonly (readonly [method: string, path: string, bodyWith: (text: string) => object])[] = [
        ['POST', '/admin/v1/organisations', name => ({ name })],
        ['POST', '/admin/v1/administrators', name => ({ name, role: 'auditor' })],
        ['POST', '/admin/v1/keys', name => ({ name })],
        ['POST', '/admin/v1/keys', team => ({ name: 'A key', labels: { team } })],
        ['POST', '/admin/v1/keys', fundId => ({ name: 'A key', fundId })],
        ['POST', '/admin/v1/keys', walletId => ({ name: 'A key', walletId })],
        ['POST', '/admin/v1/keys/import', id => ({ name: 'A key', id, secret: 'c2VjcmV0LXNlY3JldC1zZWNyZXQ' })],
        ['PATCH', path, name => ({ name })],
        ['PATCH', path, team => ({ labels: { team } })],
        ['PATCH', path, fundId => ({ fundId })],
        ['PATCH', path, walletId => ({ walletId })],
        ['POST', '/api/v1/apikey', name => ({ name })],
        ['POST', '/api/v1/apikey', fund_id => ({ name: 'A key', fund_id })],
        ['POST', '/api/v1/apikey', wallet_id => ({ name: 'A key', wallet_id })],
        ['PUT', `/api/v1/apikey/${keyId}`, name => ({ name })],
      ]
      for (const [method, path, bodyWith] of texts)
        for (const control of ['\u001b', '\u0007', '\u007f', '\u009b', '\r', '\n']) {
          const body = bodyWith(`a${control}b`)
          const token = path === '/admin/v1/organisations' ? tokens.operator : tokens.acme
          expect([method, path, body, (await call(method, path, token, body)).status]).toEqual([method, path, body, 400])
        }
    })

    it('describes itself in OpenAPI 3.1, and for people', async () => {
      const { json } = await call('GET', '/openapi.json', undefined)
      expect(json).toEqual(JSON.parse(JSON.stringify(describeAdminApi(routes, { schemes: SCHEMES, permissions: CATALOGUE }))))
      expect(json.openapi).toBe('3.1.0')
      for (const { method, path } of routes) expect(json.paths[path][method.toLowerCase()].summary).toBeTruthy()
      // Every reference leads somewhere, and what is answered fits its schema.
      for (const [, name] of JSON.stringify(json).matchAll(/"#\/components\/schemas\/(\w+)"/g))
        expect(json.components.schemas).toHaveProperty(name ?? '')
      const ajv = new Ajv2020({ strict: false, formats: { date: true, 'date-time': true } })
      ajv.addSchema({ $id: 'api', ...json })
      const answers = {
        Key: `/admin/v1/keys/${keyId}`,
        KeyPage: '/admin/v1/keys',
        AuditPage: '/admin/v1/audit',
        Session: '/admin/v1/session',
        Usage: `/admin/v1/keys/${keyId}/usage`,
      }
      for (const [name, path] of Object.entries(answers)) {
        const { json: answer } = await call('GET', path, tokens.acme)
        const validate = ajv.getSchema(`api#/components/schemas/${name}`)
        expect([name, validate?.(answer), validate?.errors]).toEqual([name, true, null])
      }
      const { text, headers } = await call('GET', '/docs', undefined)
      expect(headers.get('content-type')).toContain('text/html')
      expect(text).toContain('/admin/v1/keys/{id}/rotate')
      expect(text).not.toMatch(/<(script|link)|https?:\/\/(?!www\.w3)/)
    })

    it('never answers 500, whatever it gets', async () => {
      errors.length = 0
      const word = fc.oneof(
        fc.string({ maxLength: 40 }),
        fc.constantFrom(keyId, 'csk_', '\0', '%', '..', 'é', '9'.repeat(30), "' or 1=1 --"),
      )
      const value = fc.oneof(fc.jsonValue(), word, fc.constantFrom(-1, 1e308, 2 ** 53, null, [], {}))
      const fields = [
        'name',
        'permissions',
        'addresses',
        'labels',
        'expiresAt',
        'fundId',
        'scheme',
        'publicKey',
        'secret',
        'id',
        'overlapSeconds',
        'role',
        'organisationId',
        'kind',
        'expiry_date',
        'passphrase',
        'allowShortSecret',
      ]
      const body = fc.oneof(fc.dictionary(fc.constantFrom(...fields), value), fc.jsonValue())
      const valid = fc.record(
        {
          name: fc.string({ minLength: 1, maxLength: 20 }),
          id: fc.oneof(fc.stringMatching(/^[!-+\--~]{1,30}$/), word),
          secret: word,
          addresses: fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), word), { maxLength: 3 }),
          labels: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), word, { maxKeys: 3 }),
          expiresAt: fc.oneof(
            fc.date({ noInvalidDate: true }).map(date => date.toISOString()),
            fc.constant(null),
          ),
          scheme: fc.constantFrom('qredo-v1', 'stripe', 'qredo-partner', 'rfc9421'),
          publicKey: fc.oneof(word, fc.constant('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----')),
        },
        { requiredKeys: ['name'] },
      )
      const query = fc.dictionary(
        fc.constantFrom('search', 'cursor', 'limit', 'state', 'organisation', 'subject', 'before', 'action'),
        word,
        { maxKeys: 3 },
      )
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...routes.filter(({ path, method }) => !(path === '/admin/v1/session' && method === 'POST'))),
          fc.oneof(body, valid),
          query,
          word,
          fc.constantFrom('acme', 'operator'),
          async (route, given, asked, id, who) => {
            // An id that ends the very administrator who asks would end the test.
            const path = route.path.replace('{id}', encodeURIComponent(id))
            const { status, json } = await call(
              route.method,
              `${path}?${new URLSearchParams(asked)}`,
              tokens[who as 'acme'],
              route.method === 'GET' ? undefined : given,
            )
            expect([status < 500, status, json?.detail]).toEqual([true, status, json?.detail])
          },
        ),
        { seed: 14, numRuns: 1000 },
      )
      expect(errors).toEqual([])
    }, 120_000)
  })
}
