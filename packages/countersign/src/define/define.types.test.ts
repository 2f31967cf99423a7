import { describe, expect, it } from 'vitest'
import type { KnownParts } from '../scheme/known-parts.ts'
import { defineScheme } from './define.ts'

const base = {
  title: 'T',
  algorithm: 'hmac-sha256',
  timestamp: { formats: ['seconds'] },
  signature: { encoding: 'hex' },
  headers: { t: '{timestamp}', s: '{signature}' },
} as const

describe('the types of defineScheme', () => {
  it('take every part that a call has, filters, alternatives, parameters and escapes', () => {
    expect(() =>
      defineScheme({
        ...base,
        name: 'good',
        message: [
          '{{{timestamp}}}\n{ method | lower }',
          '{header.x-a}\n{window}',
          { hash: 'sha256', encoding: 'raw', of: ['{path}\n', '{body}'] },
        ],
        parameters: { window: { default: '1', characters: 'digits' } },
        headers: { ...base.headers, w: '{window}' },
      }),
    ).not.toThrow()
  })

  it('say what is wrong, and where', () => {
    type Declared<M extends string> = {
      readonly name: 'n'
      readonly title: 'T'
      readonly algorithm: 'hmac-sha256'
      readonly message: M
      readonly signature: { readonly encoding: 'hex' }
    }
    const said: KnownParts<Declared<'{timestmp}{body}'>>['message']['mistake'] = 'Unknown part {timestmp}'
    const member: KnownParts<Declared<'{body}'> & { readonly headrs: object }>['name']['mistake'] = 'Unknown member headrs'
    expect([said, member]).toHaveLength(2)
  })

  it('refuse a part that no call has, at compile time as at run time', () => {
    const unknown = { ...base, name: 'bad', message: '{timestmp}{body}' } as const
    // @ts-expect-error unknown part {timestmp}
    expect(() => defineScheme(unknown)).toThrow(/did you mean timestamp/)
    const parameter = { ...base, name: 'bad', message: '{windw}', parameters: { window: { default: '1', characters: 'digits' } } } as const
    // @ts-expect-error unknown part {windw}
    expect(() => defineScheme(parameter)).toThrow(/did you mean window/)
    const item = { ...base, name: 'bad', message: '{body}', headers: { s: { separator: ',', items: ['v1={sign}'] } } } as const
    // @ts-expect-error unknown part {sign}
    expect(() => defineScheme(item)).toThrow(/sign/)
    const algorithm = { ...base, name: 'bad', message: '{body}', algorithm: 'hmac-sha265' } as const
    // @ts-expect-error unknown algorithm hmac-sha265
    expect(() => defineScheme(algorithm)).toThrow(/did you mean hmac-sha256/)
  })

  it('refuse a member that no declaration has, at the top and in what it holds', () => {
    const top = { ...base, name: 'bad', message: '{timestamp}', headrs: {} } as const
    // @ts-expect-error unknown member headrs
    expect(() => defineScheme(top)).toThrow(/did you mean headers/)
    const inner = { ...base, name: 'bad', message: '{timestamp}', only: { methods: ['GET'], path: 'any' } } as const
    // @ts-expect-error unknown member path
    expect(() => defineScheme(inner)).toThrow(/did you mean paths/)
    const query = { ...base, name: 'bad', message: '{timestamp}', query: { t: '{timestmp}' } } as const
    // @ts-expect-error unknown part {timestmp}
    expect(() => defineScheme(query)).toThrow(/did you mean timestamp/)
  })
})
