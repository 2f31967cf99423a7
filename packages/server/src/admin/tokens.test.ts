import { expect, it } from 'vitest'
import { idOfToken, newToken } from './tokens.ts'

it('makes ids that no command takes for an option, and finds them in their tokens', () => {
  for (let count = 0; count < 2_000; count++) {
    const { id, text } = newToken()
    expect(id).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{11}$/)
    expect(idOfToken(text)).toBe(id)
  }
})
