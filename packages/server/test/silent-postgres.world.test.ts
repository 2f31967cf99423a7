import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type KeyService, openKeyService } from '../src/index.ts'
import { hasPostgres, startPostgres, type TestPostgres } from './postgres.ts'

const ACTOR = { name: 'test', address: '' }
const masterKey = Buffer.alloc(32, 5).toString('base64')

/** A way to a server on which connections may die without a word, as behind a firewall that forgot them. */
interface SilentWay {
  readonly port: number
  /** What is open hears and says nothing any more, and neither does what is opened from now on. */
  swallow(): void
  /** What is opened from now on works; what died stays dead. */
  heal(): void
  close(): void
}

async function openWay(target: number): Promise<SilentWay> {
  let swallows = false
  const ends = new Set<Socket>()
  const server: Server = createServer(near => {
    ends.add(near)
    near.on('error', () => undefined)
    if (swallows) return
    const far = connect(target, '127.0.0.1')
    ends.add(far)
    far.on('error', () => undefined)
    near.pipe(far)
    far.pipe(near)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { readonly port: number }).port,
    swallow() {
      swallows = true
      for (const end of ends) {
        end.unpipe()
        end.resume().on('data', () => undefined)
      }
    },
    heal() {
      swallows = false
    },
    close() {
      for (const end of ends) end.destroy()
      server.close()
    },
  }
}

describe.skipIf(!hasPostgres)('PostgreSQL whose connections die silently (needs PostgreSQL)', () => {
  let postgres: TestPostgres
  let way: SilentWay
  let near: KeyService
  let far: KeyService
  beforeAll(async () => {
    postgres = await startPostgres()
    const url = await postgres.newDatabase()
    far = await openKeyService({ store: url, masterKey })
    await far.administrators.createOrganisation(ACTOR, { id: 'acme', name: 'Acme', kind: 'organisation' })
    way = await openWay(Number(new URL(url).port))
    near = await openKeyService({ store: url.replace(/:\d+\//, `:${way.port}/`), masterKey })
  }, 60_000)
  afterAll(async () => {
    way?.close()
    await near?.close()
    await far?.close()
    await postgres?.close()
  })

  it('is as good as an absent one: known keys serve, others are told soon, and a revoked one is refused as soon as there is a way', async () => {
    const make = async () => (await far.keys.create(ACTOR, 'acme', { name: 'k' })).key.id
    const [known, unread, revoked] = [await make(), await make(), await make()]
    expect((await near.source.find(known))?.state).toBe('active')
    expect((await near.source.find(revoked))?.state).toBe('active')

    way.swallow()
    await far.keys.setState(ACTOR, undefined, revoked, 'revoked')
    expect((await near.source.find(known))?.state).toBe('active')
    // Each time anew, and not behind what hangs; ten times what it may take, for a busy machine.
    for (let round = 0; round < 3; round++) {
      const at = performance.now()
      await expect(Promise.resolve(near.source.find(unread))).rejects.toThrow()
      expect(performance.now() - at).toBeLessThan(10_000)
    }

    way.heal()
    await expect.poll(async () => (await near.source.find(revoked))?.state, { timeout: 20_000, interval: 50 }).toBe('revoked')
    expect((await near.source.find(unread))?.state).toBe('active')
  })
})
