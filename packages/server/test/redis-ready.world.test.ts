import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMasterKeyFile, openKeyService } from '../src/index.ts'
import { type RunningGateway, runGateway } from '../src/process/run-gateway.ts'
import { readGatewayConfig } from '../src/settings/read-config.ts'
import { hasRedis, startRedis, type TestRedis, until } from './redis.ts'

const ORIGIN = 'https://api.example.com'
const ACTOR = { name: 'test', address: '' }
/** A second, and two for a machine that is busy. */
const BACK_MS = 3_000

describe.skipIf(!hasRedis)('a gateway whose Redis hangs (needs redis-server)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-redis-ready-'))
  let redis: TestRedis
  let upstream: Server
  let gateway: RunningGateway
  let send: (path: string) => Promise<Response>

  beforeAll(async () => {
    redis = await startRedis()
    upstream = createServer((request, response) => {
      request.resume().on('end', () => response.end('ok'))
    })
    await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
    const where = { store: join(folder, 'keys.db'), masterKeyFile: join(folder, 'master.key') }
    createMasterKeyFile(where.masterKeyFile)
    const service = await openKeyService(where)
    await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
    const { key, secret } = await service.keys.create(ACTOR, 'acme', { name: 'good' })
    await service.close()
    const { port } = upstream.address() as AddressInfo
    const settings = { ...where, upstream: `http://127.0.0.1:${port}`, origin: ORIGIN, port: 0, adminPort: 0, redis: redis.url }
    gateway = await runGateway(readGatewayConfig(JSON.stringify(settings), 'gateway.json'), { isQuiet: true })
    const signer = createSigner(qredoV1, { keyId: key.id, secret: secret ?? '' })
    send = async path => {
      const { headers } = await signer.sign({ method: 'POST', url: `${ORIGIN}${path}`, body: '{}' })
      return fetch(`${gateway.origin}${path}`, { method: 'POST', headers, body: '{}' })
    }
  })
  afterAll(async () => {
    redis?.goOn()
    await gateway?.close()
    await redis?.close()
    upstream?.closeAllConnections()
    upstream?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Its status and text; a second is by a timer of the same event loop. */
  async function ready(): Promise<{ status: number; text: string; isInTime: boolean }> {
    let isInTime = true
    const timer = setTimeout(() => {
      isInTime = false
    }, 1_000)
    const response = await fetch(`${gateway.adminOrigin}/ready`)
    const text = await response.text()
    clearTimeout(timer)
    return { status: response.status, text, isInTime }
  }

  async function redisUp(): Promise<string | undefined> {
    return /^countersign_redis_up (\S+)$/m.exec(await (await fetch(`${gateway.adminOrigin}/metrics`)).text())?.[1]
  }

  it('/ready and /metrics say so within a second, calls get 503 meanwhile, and it is back by itself', async () => {
    let calls = 0
    await until(async () => (await send(`/before/${calls++}`)).status === 200)
    expect(await ready()).toEqual({ status: 200, text: 'ready\n', isInTime: true })
    expect(await redisUp()).toBe('1')
    redis.hang()
    for (let round = 0; round < 5; round++) {
      const [looked, call] = await Promise.all([ready(), send(`/meanwhile/${calls++}`)])
      expect(looked).toEqual({ status: 503, text: expect.stringMatching(/^not ready: redis: .+\.\n$/) as string, isInTime: true })
      expect([call.status, await call.json()]).toEqual([503, expect.objectContaining({ code: 'replay-guard-unavailable' })])
      expect(await redisUp()).toBe('0')
    }
    redis.goOn()
    const from = performance.now()
    await until(async () => (await ready()).status === 200)
    expect(await redisUp()).toBe('1')
    expect(performance.now() - from).toBeLessThan(BACK_MS)
    await until(async () => (await send(`/after/${calls++}`)).status === 200)
  })
})
