import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner, type NearlyFull } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { expect, it } from 'vitest'
import { listen } from '../http/listen.ts'
import { openKeyService } from '../service.ts'
import type { AccessEntry } from './access-entry.ts'
import { createGateway } from './gateway.ts'

const ORIGIN = 'https://api.example.com'
/** Ten calls. */
const MAX_REPLAY_BYTES = 144

it('a gateway whose memory for replays is full refuses as replay-guard-full, shows it in gauges and warns of all and of the busy key', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-replays-'))
  const service = await openKeyService({ store: join(folder, 'keys.db') })
  const upstream = createServer((_request, response) => response.end('ok'))
  const warnings: NearlyFull[] = []
  const entries: AccessEntry[] = []
  const gateway = createGateway({
    upstream: `http://127.0.0.1:${await listen(upstream, 0, '127.0.0.1')}`,
    origin: ORIGIN,
    service,
    maxReplayBytes: MAX_REPLAY_BYTES,
    onReplayNearlyFull: usage => warnings.push(usage),
    onFinished: entry => entries.push(entry),
  })
  const base = `http://127.0.0.1:${await listen(gateway.server, 0, '127.0.0.1')}`
  try {
    const actor = { name: 'test', address: '' }
    await service.administrators.createOrganisation(actor, { id: 'acme', name: 'Acme', kind: 'organisation' })
    const signers = await Promise.all(
      ['one', 'two', 'three'].map(async name => {
        const { key, secret } = await service.keys.create(actor, 'acme', { name })
        return createSigner(qredoV1, { keyId: key.id, secret: secret ?? '' })
      }),
    )
    const send = async (at: number) => {
      const signer = signers[at % signers.length] ?? signers[0]
      const { headers } = signer?.sign({ method: 'POST', url: `${ORIGIN}/${at}` }) ?? {}
      const answer = await fetch(`${base}/${at}`, { method: 'POST', headers: headers as Record<string, string> })
      return answer.status === 200 ? 'passed' : `${answer.status} ${((await answer.json()) as { code: string }).code}`
    }
    const answers: string[] = []
    for (let at = 0; at < 12; at++) answers.push(await send(at))
    expect(answers).toEqual([...Array.from({ length: 10 }, () => 'passed'), '503 replay-guard-full', '503 replay-guard-full'])
    expect(warnings.map(({ of, claims }) => [of, claims])).toEqual([
      ['all', 8],
      ['key', 10],
    ])
    expect(warnings).toMatchObject([0.8, 0.8].map(share => ({ maxClaims: 10, maxBytes: MAX_REPLAY_BYTES, share })))
    const [first, second] = entries
    expect(entries.filter(({ code }) => code === 'replay-guard-full')).toMatchObject([
      { keyId: second?.keyId, scheme: 'qredo-v1' },
      { keyId: expect.any(String) as string, scheme: 'qredo-v1' },
    ])
    expect(first?.keyId).not.toBe(second?.keyId)
    const metrics = await gateway.metrics.registry.metrics()
    for (const line of ['bytes 144', 'max_bytes 144', 'claims 10', 'max_claims 10'])
      expect(metrics).toContain(`countersign_gateway_replay_${line}\n`)
    expect(metrics).toMatch(/countersign_gateway_requests_total\{outcome="refused",code="replay-guard-full",route="\/",scheme="[\w-]*"\} 2/)
  } finally {
    await gateway.drain(100)
    upstream.close()
    await service.close()
    rmSync(folder, { recursive: true })
  }
})

it('a gateway with a guard that processes share has no gauges of its own memory', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-replays-'))
  const service = await openKeyService({ store: join(folder, 'keys.db') })
  const gateway = createGateway({ upstream: 'http://127.0.0.1:1', origin: ORIGIN, service, replay: { claim: () => 'fresh' } })
  try {
    expect(await gateway.metrics.registry.metrics()).not.toContain('countersign_gateway_replay')
  } finally {
    await gateway.drain(100)
    await service.close()
    rmSync(folder, { recursive: true })
  }
})
