import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner, createVerifier, memoryReplayGuard } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { afterAll, describe, expect, it } from 'vitest'
import { openKeyService } from '../src/index.ts'

const ACTOR = { name: 'test', address: '' }
const ORIGIN = 'https://api.example.com'
const HOUR = 3_600_000
const folder = mkdtempSync(join(tmpdir(), 'countersign-clocks-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a clock that is set', () => {
  it.each([
    ['an hour forward and back', [HOUR, -HOUR]],
    ['an hour back and forward', [-HOUR, HOUR]],
  ])(
    '%s, under the store, its rotations and tokens, and a verifier: nothing is taken that should not be, nothing is lost',
    async (name, steps) => {
      let now = Date.now()
      const clock = () => now
      const service = await openKeyService({ store: join(folder, `${name}.db`), clock })
      try {
        await service.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
        const make = async (more: object = {}) => {
          const { key, secret } = await service.keys.create(ACTOR, 'acme', { name: 'k', ...more })
          return { keyId: key.id, secret: secret ?? '' }
        }
        const ending = await make({ expiresAt: new Date(now + HOUR / 2).toISOString() })
        const revoked = await make()
        const old = await make()
        const { secret } = await service.keys.rotate(ACTOR, 'acme', old.keyId, { overlapSeconds: HOUR / 2000 })
        const rotated = { ...old, secret: secret ?? '' }
        const verifier = createVerifier(qredoV1, { origin: ORIGIN, keys: service.source, replay: memoryReplayGuard({ clock }), clock })
        const sign = (key: typeof old) =>
          createSigner(qredoV1, key, { clock }).sign({ method: 'POST', url: `${ORIGIN}/`, body: '{}' }).headers
        const verify = async (headers: object) => {
          const result = await verifier.verify({ method: 'POST', target: '/', headers: { ...headers }, body: Buffer.from('{}') })
          return result.ok ? 'ok' : result.failure.code
        }
        const first = sign(rotated)
        expect(await verify(first)).toBe('ok')
        await service.keys.setState(ACTOR, 'acme', revoked.keyId, 'revoked')
        let moved = 0
        for (const step of steps) {
          now += step
          moved += step
          for (const key of [ending, revoked, old, rotated]) service.source.forget(key.keyId)
          // What was taken is never taken again, and what is revoked never.
          expect(await verify(first)).not.toBe('ok')
          expect(await verify(sign(revoked))).toBe('key-revoked')
          // What ends by the clock has ended by the clock, and is good again before that.
          const hasEnded = moved >= HOUR / 2
          expect(await verify(sign(ending))).toBe(hasEnded ? 'key-expired' : moved < 0 ? 'replay-guard-unavailable' : 'ok')
          expect((await verify(sign(old))) === 'ok').toBe(!hasEnded && moved >= 0)
          expect(await verify(sign(rotated))).toBe(moved < 0 ? 'replay-guard-unavailable' : 'ok')
          // What is written while the clock is wrong is in the log like all else.
          await make()
          expect(await service.audit.verify()).toMatchObject({ broken: undefined })
        }
        expect((await service.keys.list('acme', { limit: 100 })).keys).toHaveLength(5)
      } finally {
        await service.close()
      }
    },
  )
})
