import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { bootstrap, createSealer, openKeyService, ServerError } from '../src/index.ts'
import { keysOf, newMasterKey } from '../src/seal/master-keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-sealing-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('the admin API tells a master key that was just changed as something to do again, and any other trouble with it as ours', async () => {
  const key = newMasterKey()
  const real = createSealer(keysOf('the test', () => [key]))
  let ids: readonly string[] = []
  let problem: ServerError | undefined
  const errors: unknown[] = []
  const service = await openKeyService({
    store: join(folder, 'keys.db'),
    sealer: {
      ...real,
      async currentId() {
        if (problem !== undefined) throw problem
        const [next, ...others] = ids
        ids = others
        return next ?? (await real.currentId())
      },
    },
    onError: error => errors.push(error),
  })
  let token = ''
  await bootstrap(service, text => {
    token = text
  })
  const app = await service.loadAdminApp()
  const create = async () => {
    const answer = await app.request('/admin/v1/keys?organisation=default', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"name":"k"}',
    })
    return { status: answer.status, body: (await answer.json()) as { code?: string; detail?: string } }
  }
  // At its look, when the transaction begins, and when it seals.
  ids = ['one', 'one', 'another']
  expect(await create()).toMatchObject({
    status: 503,
    body: { code: 'master-key-changed', detail: expect.stringContaining('do it again') },
  })
  expect(errors).toEqual([])
  problem = new ServerError('vault-forbidden', 502, 'Vault at http://vault.internal does not let this token in.')
  const { status, body } = await create()
  expect([status, body.code]).toEqual([503, 'master-key-unusable'])
  expect(body.detail).not.toContain('vault.internal')
  expect(errors).toEqual([problem])
  problem = undefined
  await service.close()
})
