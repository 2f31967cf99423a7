import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readJsonBody } from './json-body.ts'

const read = (text: string) => readJsonBody(new TextEncoder().encode(text), z.object({ note: z.unknown() }))

describe('the JSON body of a call', () => {
  it.each([
    ['nested deeply', `{"note":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
    ['with a NUL character', '{"note":"\\u0000"}'],
    ['cut off', '{"note":'],
  ])('is a 400 where it is %s', (_name, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ status: 400, body: expect.objectContaining({ code: 'malformed-json' }) }))
  })

  it('may have the six characters \\u0000 in a text', () => {
    expect(read('{"note":"\\\\u0000"}')).toEqual({ note: '\\u0000' })
  })
})
