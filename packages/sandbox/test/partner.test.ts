import { createPrivateKey } from 'node:crypto'
import { createSigner } from 'countersign'
import { qredoPartner } from 'countersign/schemes'
import { describe, expect, it } from 'vitest'
import { PARTNER_BASE, type Sandbox } from '../src/index.ts'
import { answerOf, cleanUp, demoKey, newFolder, start, stop, time } from './sandbox.ts'

cleanUp()

function partner(sandbox: Sandbox, type: 'pkcs1' | 'pkcs8' = 'pkcs8') {
  const { id: keyId, secret } = demoKey(sandbox, 'demo-partner')
  const privateKey = createPrivateKey(secret).export({ type, format: 'pem' }) as string
  const signer = createSigner(qredoPartner, { keyId, privateKey }, { clock: () => time.now })
  return async (method: string, path: string, body?: unknown, moment: { nonce?: string } = {}) => {
    time.now += 1000
    const url = sandbox.origin + PARTNER_BASE + path
    // Compact, as the scheme has it.
    const text = body === undefined ? undefined : JSON.stringify(body)
    const { headers } = signer.sign({ method, url, body: text, ...moment })
    return answerOf(
      await fetch(url, { method, headers: { ...headers, connection: 'close' }, ...(text === undefined ? {} : { body: text }) }),
    )
  }
}

describe('the Partner API', () => {
  it.each(['pkcs1', 'pkcs8'] as const)('makes, finds and changes companies, signed with a key in %s', async type => {
    const call = partner(await start(), type)
    const all = await call('GET', '/company/search')
    expect(all.body).toMatchObject({ total_count: 3 })
    const made = await call('POST', '/company', { name: 'ACME Corp17', city: 'Paris', country: 'FR', domain: 'acme17.example', ref: '17' })
    const id = String(made.body['company_id'])
    expect(made.body).toEqual({ company_id: id, name: 'ACME Corp17', city: 'Paris', country: 'FR', domain: 'acme17.example', ref: '17' })
    expect((await call('GET', '/company/search?query=corp17')).body).toEqual({
      total_count: 1,
      matches: [{ company_id: id, name: 'ACME Corp17', domain: 'acme17.example' }],
    })
    expect((await call('PUT', `/company/${id}`, { name: 'ACME Corp18', ref: '18' })).body).toEqual({ company_id: id, ref: '18' })
    expect((await call('GET', '/company/search?query=corp18')).body).toMatchObject({ matches: [{ domain: 'acme17.example' }] })
    expect((await call('PUT', '/company/nobody', {})).status).toBe(404)
  })

  it('takes a nonce once, also after a restart and long afterwards', async () => {
    const directory = newFolder()
    const first = await start({ directory })
    expect((await partner(first)('GET', '/company/search', undefined, { nonce: 'n-6' })).status).toBe(200)
    expect((await partner(first)('GET', '/company/search', undefined, { nonce: 'n-6' })).body).toMatchObject({ code: 'replayed' })
    const { port } = first
    await stop(first)
    time.now += 30 * 86_400_000
    const second = await start({ directory, port })
    expect((await partner(second)('POST', '/company', {}, { nonce: 'n-6' })).body).toMatchObject({ code: 'replayed' })
    expect((await partner(second)('GET', '/company/search', undefined, { nonce: 'n-7' })).status).toBe(200)
  })
})
