import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { defineScheme } from '../define/define.ts'
import { templateOf } from '../recipe/template-of.ts'
import { isDeclared } from '../scheme/scheme.ts'
import * as shipped from '../schemes/index.ts'
import { SCHEMES } from '../schemes/registry.ts'
import { explain } from './index.ts'
import { mutations } from './mutations.ts'

describe('mutations', () => {
  it.each(SCHEMES.filter(isDeclared))('of $name: each says what was done and what to do, and changes something', ({ message }) => {
    const all = [...mutations(message)]
    expect(all.length).toBeGreaterThan(2)
    for (const { code, did, fix, weight, recipe } of all) {
      expect(code).toMatch(/^message-(?:hashed-)?[a-z0-9-]+$/i)
      expect(did).toMatch(/^(?:In what it hashed: )?It .+\.$/)
      expect(fix).not.toBe('')
      expect(weight).toBeGreaterThan(0)
      expect(JSON.stringify(recipe)).not.toBe(JSON.stringify(message))
    }
  })

  it('go into what is hashed', () => {
    const made = [...mutations(shipped.kraken.message)].map(({ code, recipe }) => `${code}: ${templateOf(recipe)}`)
    expect(made).toContain('message-hashed-without-nonce: {path}{sha256 of "{body}", as bytes}')
    expect(made).toContain('message-hashed-other-order: {path}{sha256 of "{body}{nonce}", as bytes}')
    expect(made).toContain('message-other-order: {sha256 of "{nonce}{body}", as bytes}{path}')
  })

  it('so a mistake within a hash is named', async () => {
    const body = 'nonce=1647356399123&pair=XBTUSD'
    const secret = Buffer.alloc(64, 5).toString('base64')
    const hash = createHash('sha256').update(body).digest()
    const signature = createHmac('sha512', Buffer.from(secret, 'base64'))
      .update(Buffer.concat([Buffer.from('/0/private/AddOrder'), hash]))
      .digest('base64')
    const { causes, outcome } = await explain({
      scheme: shipped.kraken,
      secret,
      request: {
        method: 'POST',
        url: 'https://api.kraken.com/0/private/AddOrder',
        headers: { 'api-key': 'k', 'api-sign': signature },
        body,
      },
    })
    expect([outcome, causes]).toEqual([
      'explained',
      [expect.objectContaining({ code: 'message-hashed-without-nonce', did: 'In what it hashed: It left {nonce} out of what it signed.' })],
    ])
  })

  it('a header that is signed and was not sent is named as missing', async () => {
    const scheme = defineScheme({
      name: 'with-type',
      title: 'Signs the content type',
      algorithm: 'hmac-sha256',
      message: '{header.content-type}\n{body}',
      signature: { encoding: 'hex' },
      headers: { 'x-sig': '{signature}' },
    })
    const request = { method: 'POST', url: 'https://a.example/', headers: { 'x-sig': 'ab' }, body: 'x' }
    expect((await explain({ scheme, secret: 'a secret', request, maxAttempts: 1 })).missing).toEqual(['content-type'])
  })
})
