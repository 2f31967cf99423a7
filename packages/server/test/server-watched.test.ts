import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-watched-'))
let server: RunningServer
let token = ''
let told: string | undefined

beforeAll(async () => {
  server = await startServer({
    store: join(folder, 'keys.db'),
    adminPort: 0,
    showFirstToken: (text, _origin, adminOrigin) => {
      token = text
      told = adminOrigin
    },
  })
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const look = async (path: string) => {
  const answer = await fetch(`${server.adminOrigin}${path}`)
  return { status: answer.status, text: await answer.text() }
}

describe('a key server’s admin port', () => {
  it('says that it lives and is ready, and nothing of that on the port of the API', async () => {
    expect(told).toBe(server.adminOrigin)
    expect(await look('/health')).toEqual({ status: 200, text: 'ok\n' })
    expect(await look('/ready')).toEqual({ status: 200, text: 'ready\n' })
    expect((await look('/admin/v1/keys')).status).toBe(404)
  })

  it('counts calls by their route as it is described, whatever the path, and refusals by their code', async () => {
    const call = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
      fetch(`${server.origin}${path}`, { method, headers: { authorization: `Bearer ${token}`, ...headers } })
    await call('/admin/v1/keys')
    for (const id of ['csk_a', 'csk_b', 'csk_c%0a"']) await call(`/admin/v1/keys/${id}`)
    await call('/admin/v1/keys', { authorization: 'Bearer wrong' })
    for (const path of ['/metrics', '/ready']) expect((await call(path)).status).toBe(404)
    for (let count = 0; count < 18; count++) await call(`/made-up-${count}`, {}, count % 2 === 0 ? 'GET' : 'PURGE')
    const { text } = await look('/metrics')
    const rows = text.split('\n').filter(line => line.startsWith('countersign_server_requests_total'))
    expect(rows).toEqual(
      expect.arrayContaining([
        'countersign_server_requests_total{method="GET",route="/admin/v1/keys",status="2xx"} 1',
        'countersign_server_requests_total{method="GET",route="/admin/v1/keys/{id}",status="4xx"} 3',
        'countersign_server_requests_total{method="GET",route="/admin/v1/keys",status="4xx"} 1',
        'countersign_server_requests_total{method="GET",route="",status="4xx"} 11',
        'countersign_server_requests_total{method="other",route="",status="4xx"} 9',
      ]),
    )
    expect(rows).toHaveLength(5)
    expect(text).toMatch(/countersign_server_refused_total\{code="[\w-]+"\} 1/)
    expect(text).toContain('countersign_store_up 1')
    expect(text).not.toContain(token)
  })
})
