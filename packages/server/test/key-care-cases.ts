import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createSigner, createVerifier, type Scheme } from 'countersign'
import { qredoV1, rfc9421 } from 'countersign/schemes'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createMasterKeyFile, type KeyService, openKeyService } from '../src/index.ts'
import type { Backend } from './stores.ts'

const ALICE = { name: 'admin:alice', address: '203.0.113.7' }
const ORIGIN = 'https://api.example.com'
const pairOf = (type: 'ed25519' | 'rsa') => {
  const { publicKey, privateKey } = type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519')
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** Rotation and what is noted of use, on either database. */
export function describeKeyCare(backend: Backend): void {
  describe.skipIf(!backend.isHere)(`the rotation of a key on ${backend.title}`, () => {
    let now = Date.now()
    let service: KeyService
    beforeAll(() => backend.begin(), 60_000)
    beforeEach(async () => {
      now = Date.now()
      const where = await backend.newStore()
      createMasterKeyFile(where.masterKeyFile)
      service = await openKeyService({ ...where, clock: () => now, flushMs: 3_600_000 })
      await service.administrators.createOrganisation(ALICE, { id: 'acme', name: 'acme', kind: 'organisation' })
    })
    afterEach(() => service.close())
    afterAll(() => backend.end())

    async function call(scheme: Scheme, credentials: object): Promise<string> {
      const signer = createSigner(scheme, credentials as never, { clock: () => now })
      const { headers } = signer.sign({ method: 'GET', url: `${ORIGIN}/x` })
      const verifier = createVerifier(scheme, { origin: ORIGIN, keys: service.source, replay: 'off', clock: () => now })
      const result = await verifier.verify({ method: 'GET', target: '/x', headers })
      if (!result.ok) return result.failure.code
      service.used(result.key, result)
      await service.lastUsed.flush()
      return 'ok'
    }
    const bySecret = (keyId: string, secret: string | null) => call(qredoV1, { keyId, secret: secret ?? '' })
    const byPair = (keyId: string, { privateKey }: { privateKey: string }) => call(rfc9421, { keyId, privateKey })

    it('shows when each secret was used last', async () => {
      const { key, secret } = await service.keys.create(ALICE, 'acme', { name: 'k' })
      const { secret: newer } = await service.keys.rotate(ALICE, 'acme', key.id, {})
      const uses = async () => (await service.keys.get('acme', key.id)).secrets.map(({ lastUsedAt }) => lastUsedAt)
      expect(await uses()).toEqual([null, null])
      expect(await bySecret(key.id, secret)).toBe('ok')
      const first = new Date(now).toISOString()
      expect(await uses()).toEqual([null, first])
      now += 5000
      expect(await bySecret(key.id, newer)).toBe('ok')
      expect(await uses()).toEqual([new Date(now).toISOString(), first])
    })

    it('puts another secret in the place of one that nobody used; the one in use stays', async () => {
      const { key, secret: first } = await service.keys.create(ALICE, 'acme', { name: 'k' })
      await bySecret(key.id, first)
      const { secret: lost } = await service.keys.rotate(ALICE, 'acme', key.id, { overlapSeconds: 60 })
      now += 30_000
      const { secret: third, key: shown } = await service.keys.rotate(ALICE, 'acme', key.id, { overlapSeconds: 60 })
      expect(shown.secrets.map(({ expiresAt }) => expiresAt)).toEqual([null, new Date(now + 60_000).toISOString()])
      expect(await bySecret(key.id, first)).toBe('ok')
      expect(await bySecret(key.id, lost)).toBe('bad-signature')
      expect(await bySecret(key.id, third)).toBe('ok')
      const refused = { code: 'rotation-running', status: 409 }
      await expect(service.keys.rotate(ALICE, 'acme', key.id, { overlapSeconds: 60 })).rejects.toMatchObject(refused)
      now += 60_000
      expect(await bySecret(key.id, first)).toBe('bad-signature')
      expect(await bySecret(key.id, third)).toBe('ok')
    })

    it('takes a secret that the other side chose, and does not show it', async () => {
      const { key, secret: old } = await service.keys.create(ALICE, 'acme', { name: 'k' })
      const secret = randomBytes(40).toString('base64')
      expect(await service.keys.rotate(ALICE, 'acme', key.id, { secret })).toMatchObject({ secret: null })
      expect([await bySecret(key.id, secret), await bySecret(key.id, old)]).toEqual(['ok', 'ok'])
      for (const [given, code] of [
        [secret, 'secret-unchanged'],
        ['c2hvcnQ=', 'secret-too-short'],
        ['%%', 'secret-malformed'],
      ] as const)
        await expect(service.keys.rotate(ALICE, 'acme', key.id, { secret: given, overlapSeconds: 0 })).rejects.toMatchObject({
          code,
          status: 400,
        })
    })

    it.each(['ed25519', 'rsa'] as const)('leaves the old public key good until the overlap ends: %s', async type => {
      const [old, lost, newer, stranger] = [pairOf(type), pairOf('ed25519'), pairOf('ed25519'), pairOf(type)]
      const { key } = await service.keys.create(ALICE, 'acme', { name: 'k', scheme: 'rfc9421', publicKey: old.publicKey })
      const rotate = (publicKey: string) => service.keys.rotate(ALICE, 'acme', key.id, { publicKey, overlapSeconds: 60 })
      await byPair(key.id, old)
      expect(await rotate(lost.publicKey)).toMatchObject({
        secret: null,
        key: { publicKey: lost.publicKey, publicKeys: [{ lastUsedAt: null }, {}] },
      })
      await rotate(newer.publicKey)
      expect([await byPair(key.id, old), await byPair(key.id, newer)]).toEqual(['ok', 'ok'])
      expect([await byPair(key.id, lost), await byPair(key.id, stranger)]).toEqual(['bad-signature', 'bad-signature'])
      await expect(rotate(newer.publicKey)).rejects.toMatchObject({ code: 'public-key-unchanged' })
      now += 60_000
      expect([await byPair(key.id, old), await byPair(key.id, newer)]).toEqual(['bad-signature', 'ok'])
      expect((await service.keys.get('acme', key.id)).publicKeys).toHaveLength(1)
    })

    it('takes no secret for a public key, nor a private key for a public one', async () => {
      const pair = pairOf('ed25519')
      const { key } = await service.keys.create(ALICE, 'acme', { name: 'k', scheme: 'rfc9421', publicKey: pair.publicKey })
      for (const [rotation, code] of [
        [{}, 'public-key-missing'],
        [{ secret: 'x'.repeat(40) }, 'secret-unwanted'],
        [{ publicKey: pair.privateKey }, 'public-key-private'],
        [{ publicKey: 'hello, you' }, 'public-key-malformed'],
      ] as const)
        await expect(service.keys.rotate(ALICE, 'acme', key.id, rotation)).rejects.toMatchObject({ code, status: 400 })
      const both = { id: 'x', name: 'x', scheme: 'rfc9421', publicKey: pair.publicKey, secret: 'x'.repeat(40) }
      await expect(service.keys.import(ALICE, 'acme', both)).rejects.toMatchObject({ code: 'option-invalid' })
    })

    it('makes a key of what it proposed, which nothing knew before', async () => {
      const { id, secret } = service.keys.propose({})
      await expect(service.keys.get('acme', id)).rejects.toMatchObject({ code: 'key-unknown' })
      const given = { id, name: 'k', secret: secret ?? '' }
      expect(await service.keys.create(ALICE, 'acme', given)).toMatchObject({ secret: null, key: { id, imported: false } })
      expect(await bySecret(id, secret)).toBe('ok')
      await expect(service.keys.create(ALICE, 'acme', given)).rejects.toMatchObject({ code: 'key-exists' })
    })
  })
}
