import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { coinbaseExchange, qredoPartner, qredoV1 } from '../schemes/index.ts'
import { createKey, memoryKeys } from './key.ts'

const secret = Buffer.alloc(60, 9).toString('base64')

describe('createKey', () => {
  it('shows no secret, however it is looked at', () => {
    const key = createKey(coinbaseExchange, { id: 'k', secret, passphrase: 'hunter2' })
    for (const text of [inspect(key, { depth: 9, showHidden: true }), JSON.stringify(key), String(key.secrets[0]), `${key.passphrase}`]) {
      expect(text).not.toContain(secret.slice(0, 20))
      expect(text).not.toContain('hunter2')
      expect(text).not.toMatch(/9, 9, 9|09 09 09/)
    }
  })

  it.each([
    ['an empty secret', { id: 'k', secret: '' }, 'secret-missing'],
    ['no secret', { id: 'k' }, 'secret-missing'],
    ['an empty list of secrets', { id: 'k', secrets: [] }, 'secret-missing'],
    ['a secret of 15 bytes', { id: 'k', secret: Buffer.alloc(15).toString('base64') }, 'secret-too-short'],
    ['three live secrets', { id: 'k', secrets: [secret, secret, secret] }, 'option-invalid'],
    ['an id with a comma', { id: 'a,b', secret }, 'option-invalid'],
    ['an empty id', { id: '', secret }, 'option-invalid'],
    ['no id', { secret } as { id: string; secret: string }, 'option-invalid'],
    ['an address that is none', { id: 'k', secret, addresses: ['localhost'] }, 'option-invalid'],
  ])('refuses %s', (_what, description, code) => {
    expect(() => createKey(qredoV1, description)).toThrow(expect.objectContaining({ code }))
  })

  it('takes a short secret only when it is told to, and an empty one never', () => {
    expect(() => createKey(qredoV1, { id: 'k', secret: 'AAAA', allowShortSecret: true })).not.toThrow()
    expect(() => createKey(qredoV1, { id: 'k', secret: '', allowShortSecret: true })).toThrow(
      expect.objectContaining({ code: 'secret-missing' }),
    )
  })

  it('wants a public key or a passphrase where the scheme does', () => {
    expect(() => createKey(qredoPartner, { id: 'k' })).toThrow(expect.objectContaining({ code: 'credential-missing' }))
    expect(() => createKey(coinbaseExchange, { id: 'k', secret })).toThrow(expect.objectContaining({ code: 'credential-missing' }))
  })
})

describe('memoryKeys', () => {
  it('adds, replaces and forgets', () => {
    const keys = memoryKeys(qredoV1, [{ id: 'a', secret }])
    expect(keys.find('a')?.state).toBe('active')
    keys.set({ id: 'a', secret, state: 'revoked' })
    expect(keys.find('a')?.state).toBe('revoked')
    keys.delete('a')
    expect(keys.find('a')).toBeUndefined()
  })
})
