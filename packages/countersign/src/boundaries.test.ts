import { describe, expect, it } from 'vitest'
import { compileBoundaries } from './boundaries.ts'
import type { MessagePiece, SchemeDeclaration } from './declaration.ts'
import { defineScheme } from './define.ts'
import { createKey } from './keys.ts'
import { createVerifier } from './verify.ts'

function scheme(message: MessagePiece | readonly MessagePiece[], more: Partial<SchemeDeclaration> = {}) {
  return defineScheme({
    name: 'boundaries',
    title: 'Boundaries',
    algorithm: 'hmac-sha256',
    timestamp: { formats: ['seconds'] },
    message,
    signature: { encoding: 'hex' },
    headers: { k: '{keyId}', t: '{timestamp}', s: '{signature}', ...(JSON.stringify(message).includes('nonce') ? { n: '{nonce}' } : {}) },
    ...more,
  })
}

describe('compileBoundaries', () => {
  it.each<[string, MessagePiece | readonly MessagePiece[]]>([
    ['a body behind a nonce', '{timestamp}{body}{nonce}'],
    ['a header behind a body', '{timestamp}{body}{header.x-a}'],
    ['two headers with only a space between', '{timestamp}\n{header.x-a} {header.x-b}'],
    ['a separator that a body can hold', '{timestamp}{body}|{path}'],
    ['two bodies inside a hash', ['{timestamp}', { hash: 'sha256', encoding: 'raw', of: ['{body}', '{header.x-a}'] }]],
  ])('finds no way to keep apart %s, so that no verifier is made', (_what, message) => {
    expect(compileBoundaries(scheme(message)).hopeless).toMatch(/^between \{/)
    const keys = { find: () => createKey(scheme(message), { id: 'k', secret: 'x'.repeat(16) }) }
    expect(() => createVerifier(scheme(message), { origin: 'https://a.example', keys })).toThrow(
      /can not be verified safely: nothing marks the boundary between/,
    )
  })

  it.each<[string, MessagePiece | readonly MessagePiece[]]>([
    ['a fixed timestamp in front', '{timestamp}{body}'],
    ['lines', '{timestamp}\n{method}\n{path}\n{query}\n{header.x-a}\n{body}'],
    ['a NUL byte', '{method}\0{target}\0{timestamp}\0{body}'],
    ['a hashed body', '{timestamp}{method}{path}{body|sha256|hex}'],
    ['a hash of two lines', ['{timestamp}', { hash: 'sha256', encoding: 'raw', of: ['{header.x-a}\n{body}'] }]],
  ])('knows that %s need no look at the call', (_what, message) => {
    const { hopeless, findOpen } = compileBoundaries(scheme(message))
    expect(hopeless).toBeUndefined()
    expect(findOpen({} as never)).toBeUndefined()
  })
})
