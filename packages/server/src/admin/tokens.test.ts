import { expect, it } from 'vitest'
import { hashToken, idOfToken, isToken, newToken } from './tokens.ts'

it('makes ids that no command takes for an option, and finds them in their tokens', () => {
  for (let count = 0; count < 2_000; count++) {
    const { id, text } = newToken()
    expect(id).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{11}$/)
    expect(idOfToken(text)).toBe(id)
  }
})

it('takes a token by what is stored of it, and nothing else', () => {
  const { text } = newToken()
  const stored = hashToken(text)
  expect(stored).not.toContain(text.slice(-20))
  expect(isToken(text, stored)).toBe(true)
  for (const other of [newToken().text, '', `${text} `, stored]) expect(isToken(other, stored)).toBe(false)
  for (const none of [undefined, '', 'sha256$', hashToken('')]) expect(isToken(text, none)).toBe(false)
})
