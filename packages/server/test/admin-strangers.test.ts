import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routes } from '../src/admin/routes/index.ts'
import { bootstrap, type KeyService, openKeyService } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-admin-strangers-'))
const errors: unknown[] = []
let service: KeyService
let token = ''
let now = Date.now()

beforeAll(async () => {
  service = await openKeyService({ store: join(folder, 'keys.db'), clock: () => now, onError: error => errors.push(error) })
  await bootstrap(service, made => {
    token = made
  })
})
afterAll(async () => {
  await service.close()
  rmSync(folder, { recursive: true, force: true })
  expect(errors).toEqual([])
})

async function call(method: string, path: string, by: string, { body, from = '192.0.2.1' }: { body?: string; from?: string } = {}) {
  const init = { method, headers: { authorization: `Bearer ${by}` }, ...(body === undefined ? {} : { body }) }
  const response = await (await service.loadAdminApp()).request(path, init, { incoming: { socket: { remoteAddress: from } } } as never)
  return { status: response.status, text: await response.text() }
}

describe('a stranger at the admin API', () => {
  const wrong = (): string => token.replace(/.{5}$/, 'AAAAA')
  const unknown = 'csa_AAAAAAAAAAAA_'.padEnd(60, 'A')

  it.each([
    ['by the id of an administrator', wrong],
    ['by an id that nobody has', () => unknown],
    ['that is none', () => 'nothing'],
  ])('gets five wrong tokens looked at, also of 120 at once: %s', async (_name, sent) => {
    now += 900_001
    const statuses = (await Promise.all(Array.from({ length: 120 }, () => call('POST', '/admin/v1/session', sent())))).map(
      ({ status }) => status,
    )
    expect(statuses.filter(status => status === 401)).toHaveLength(5)
    expect(statuses.filter(status => status === 429)).toHaveLength(115)
  })

  it('locks nobody out of another address, however many it has', async () => {
    now += 900_001
    const flood = Array.from({ length: 2_000 }, (_, host) =>
      call('POST', '/admin/v1/session', wrong(), { from: host % 2 === 0 ? `10.1.${host >> 8}.${host & 255}` : '198.51.100.7' }),
    )
    expect((await call('POST', '/admin/v1/session', token, { from: '192.0.2.9' })).status).toBe(200)
    const statuses = new Set((await Promise.all(flood)).map(({ status }) => status))
    expect([...statuses].sort()).toEqual([401, 429])
    expect((await call('POST', '/admin/v1/session', token, { from: '198.51.100.7' })).status).toBe(429)
  })

  it('is told the same of a wrong token whether there is such an administrator or not', async () => {
    now += 900_001
    const [known, nobody] = [await call('GET', '/admin/v1/session', wrong()), await call('GET', '/admin/v1/session', unknown)]
    expect(known).toEqual(nobody)
  })
})

describe('a right token', () => {
  it('passes in all of 120 calls at once', async () => {
    now += 900_001
    const all = await Promise.all(Array.from({ length: 120 }, () => call('GET', '/admin/v1/session', token)))
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]))
  })
})

describe('JSON that is nested deeply', () => {
  const withBody = routes.filter(({ body }) => body !== undefined)
  const cases = withBody.flatMap(({ method, path }) => [20_000, 1_000].map(depth => [method, path, depth] as const))

  it.each(cases)('is a 400 of %s %s: %d levels', async (method, path, depth) => {
    now += 900_001
    for (const body of [`${'['.repeat(depth)}${']'.repeat(depth)}`, `${'{"labels":'.repeat(depth / 4)}1${'}'.repeat(depth / 4)}`]) {
      const { status, text } = await call(method, path.replace('{id}', 'x'), token, { body })
      expect([status, JSON.parse(text).code]).toEqual([400, 'body-malformed'])
    }
  })
})

describe('the six characters \\u0000', () => {
  it('are no NUL character, which alone is refused', async () => {
    const made = await call('POST', '/admin/v1/organisations', token, { body: '{"name":"a\\\\u0000b"}' })
    expect([made.status, JSON.parse(made.text).name]).toEqual([201, 'a\\u0000b'])
    for (const body of ['{"name":"a\\u0000b"}', '{"name":"a","\\u0000":1}']) {
      const { status, text } = await call('POST', '/admin/v1/organisations', token, { body })
      expect([status, JSON.parse(text).code]).toEqual([400, 'text-invalid'])
    }
    const [inQuery, inPath] = ['/admin/v1/keys?search=%00', '/admin/v1/keys/%00'].map(path => call('GET', path, token))
    expect([(await inQuery)?.status, (await inPath)?.status]).toEqual([400, 400])
    expect((await call('GET', '/admin/v1/keys/%5Cu0000', token)).status).toBe(404)
  })
})
