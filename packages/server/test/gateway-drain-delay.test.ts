import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createGateway, openKeyService } from '../src/index.ts'

const DELAY_MS = 3_000

it('a gateway that ends still takes connections for a while, and says that each is the last', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-drain-delay-'))
  const service = await openKeyService({ store: join(folder, 'keys.db') })
  const gateway = createGateway({ upstream: 'http://127.0.0.1:9', origin: 'https://api.example.com', service })
  gateway.server.listen(0, '127.0.0.1')
  await once(gateway.server, 'listening')
  const { port } = gateway.server.address() as AddressInfo
  const call = () => fetch(`http://127.0.0.1:${port}/`)
  const drained = gateway.drain(0, DELAY_MS)
  expect(gateway.isDraining).toBe(true)
  const answer = await call()
  expect([answer.status, answer.headers.get('connection')]).toEqual([401, 'close'])
  await drained
  await expect(call()).rejects.toThrow()
  await service.close()
  rmSync(folder, { recursive: true })
})
