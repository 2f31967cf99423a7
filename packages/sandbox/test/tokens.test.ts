import { createSigner } from 'countersign'
import { qredoTokenClient } from 'countersign/qredo'
import { qredoV2 } from 'countersign/schemes'
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { type Sandbox, V2_BASE } from '../src/index.ts'
import { ACTOR, answerOf, cleanUp, clientOf, demoKey, newFolder, start, stop, time, transactionOf } from './sandbox.ts'

cleanUp()

const HOUR_MS = 3_600_000

async function tokenOf(sandbox: Sandbox, name = 'demo'): Promise<string> {
  const { id, secret } = demoKey(sandbox, name)
  const { body } = await clientOf(sandbox, id, secret, qredoV2, V2_BASE)('GET', `/workspaces/${sandbox.workspaceId}/token`)
  return String(body['token'])
}

const withToken = async (sandbox: Sandbox, token: string, path = '/balance') =>
  answerOf(await fetch(sandbox.origin + V2_BASE + path, { headers: { 'x-token': token } }))

const keysOf = async ({ origin }: Sandbox) => (await (await fetch(`${origin}/.well-known/jwks.json`)).json()) as JSONWebKeySet

describe('a token', () => {
  it('is signed with a published key, for an hour', async () => {
    const sandbox = await start()
    const token = await tokenOf(sandbox)
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'EdDSA', typ: 'JWT' })
    const { payload } = await jwtVerify(token, createLocalJWKSet(await keysOf(sandbox)), { currentDate: new Date(time.now) })
    expect(payload).toMatchObject({ sub: demoKey(sandbox).id, workspace: sandbox.workspaceId })
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3600)
    expect(JSON.stringify(await keysOf(sandbox))).not.toContain('"d"')
  })

  it('opens what its key may, until the hour is over', async () => {
    const sandbox = await start()
    const token = await tokenOf(sandbox, 'demo-balance')
    expect((await withToken(sandbox, token)).status).toBe(200)
    expect((await withToken(sandbox, token, '/account')).body).toMatchObject({ code: 'permission-denied' })
    time.now += HOUR_MS - 2_000
    expect((await withToken(sandbox, token)).status).toBe(200)
    time.now += 2_000
    expect((await withToken(sandbox, token)).body).toMatchObject({ code: 'token-expired' })
    for (const [wrong, code] of [
      ['', 'token-missing'],
      [`${token.slice(0, -4)}AAAA`, 'token-malformed'],
      ['eyJhbGciOiJub25lIn0.e30.', 'token-malformed'],
    ] as const)
      expect((await withToken(sandbox, wrong)).body).toMatchObject({ code })
  })

  it('is refused at once when its key is revoked, and can do what the key can do then', async () => {
    const sandbox = await start()
    const { id } = demoKey(sandbox)
    const token = await tokenOf(sandbox)
    await sandbox.service.keys.update(ACTOR, sandbox.workspaceId, id, { permissions: ['balance'] })
    expect((await withToken(sandbox, token, '/funds')).status).toBe(403)
    await sandbox.service.keys.setState(ACTOR, sandbox.workspaceId, id, 'revoked')
    expect((await withToken(sandbox, token)).body).toMatchObject({ code: 'key-revoked' })
  })

  it('is renewed for one that is still good, in its own workspace', async () => {
    const sandbox = await start()
    const token = await tokenOf(sandbox)
    time.now += HOUR_MS / 2
    const refreshed = await withToken(sandbox, token, `/workspaces/${sandbox.workspaceId}/token/refresh`)
    time.now += HOUR_MS / 2
    expect((await withToken(sandbox, token)).status).toBe(401)
    expect((await withToken(sandbox, String(refreshed.body['token']))).status).toBe(200)
    expect((await withToken(sandbox, String(refreshed.body['token']), '/workspaces/other/token/refresh')).body).toMatchObject({
      code: 'wrong-workspace',
    })
  })

  it('outlives the key that signed it being replaced, and a restart', async () => {
    const directory = newFolder()
    const first = await start({ directory })
    const old = await tokenOf(first)
    time.now += 24 * HOUR_MS - HOUR_MS / 2
    const late = await tokenOf(first)
    await stop(first)
    time.now += HOUR_MS * 0.75
    const second = await start({ directory })
    const fresh = await tokenOf(second)
    expect(decodeProtectedHeader(late).kid).toBe(decodeProtectedHeader(old).kid)
    expect(decodeProtectedHeader(fresh).kid).not.toBe(decodeProtectedHeader(old).kid)
    expect((await keysOf(second)).keys).toHaveLength(2)
    for (const token of [late, fresh]) expect((await withToken(second, token)).status).toBe(200)
    // When all that the old key signed has ended, it goes with the next rotation.
    time.now += 25 * HOUR_MS
    await tokenOf(second)
    expect((await keysOf(second)).keys.map(({ kid }) => kid)).not.toContain(decodeProtectedHeader(old).kid)
  })

  it('is not to be had by a signature of v1, nor by one that was used for v1', async () => {
    const sandbox = await start()
    const { id: keyId, secret } = demoKey(sandbox)
    const url = `${sandbox.origin}${V2_BASE}/workspaces/${sandbox.workspaceId}/token`
    const { headers } = createSigner(qredoV2, { keyId, secret }, { clock: () => time.now }).sign({ method: 'GET', url })
    const asV1 = {
      'qredo-api-key': keyId,
      'qredo-api-ts': headers['qredo-api-timestamp'] ?? '',
      'qredo-api-sig': headers['qredo-api-signature'] ?? '',
    }
    expect((await answerOf(await fetch(url, { headers: asV1 }))).body).toMatchObject({ code: 'missing-header' })
  })
})

describe('qredoTokenClient, against the sandbox', () => {
  it('calls all of v2 with one signature', async () => {
    const sandbox = await start()
    const { id: keyId, secret } = demoKey(sandbox)
    const seen: string[] = []
    const client = qredoTokenClient({
      baseUrl: sandbox.origin + V2_BASE,
      workspaceId: sandbox.workspaceId,
      keyId,
      secret,
      clock: () => time.now,
      fetch: (input, init) => {
        seen.push(new URL(String(input)).pathname.split('/').at(-1) ?? '')
        return fetch(input, init)
      },
    })
    await Promise.all(Array.from({ length: 20 }, () => client.fetch('/balance')))
    expect(seen.filter(path => path === 'token')).toHaveLength(1)
    const made = await client.fetch('/transaction', { method: 'POST', body: JSON.stringify(transactionOf(sandbox)) })
    expect(await made.json()).toMatchObject({ status: 'created', createdBy: keyId })
    time.now += HOUR_MS / 2
    expect((await client.fetch('/funds')).status).toBe(200)
    await expect.poll(() => seen.includes('refresh')).toBe(true)
    time.now += HOUR_MS * 3
    expect((await client.fetch('/funds')).status).toBe(200)
    expect(seen.filter(path => path === 'token')).toHaveLength(2)
  })
})
