import { describe, expect, it } from 'vitest'
import { CountersignError } from '../../contract/error.ts'
import { carriesOf } from '../../scheme/carries.ts'
import { createSigner } from '../../sign/sign.ts'
import { MAX_LIST_LENGTH } from '../covered-limits.ts'
import { type HttpMessageSignaturesOptions, httpMessageSignatures } from './index.ts'

const BARE = ['@method', '@target-uri']

describe('the components of a scheme', () => {
  it.each([['@status'], ['"x-a";tr'], ['"x-a";req'], ['"@method";req'], ['"content-digest";tr'], ['"content-digest";req']])(
    'are those that a request has, and %s is not',
    component => {
      expect(() => httpMessageSignatures({ components: [...BARE, component] })).toThrow(
        new CountersignError('option-invalid', 'A request can cover neither @status, nor trailers, nor components of another request.'),
      )
    },
  )

  it('have at most 4096 characters', () => {
    const fixed = '"@method" "@path" ""'.length
    const withLength = (length: number) => () => httpMessageSignatures({ components: ['@method', '@path', 'x'.repeat(length - fixed)] })
    expect(withLength(MAX_LIST_LENGTH)).not.toThrow()
    expect(withLength(MAX_LIST_LENGTH + 1)).toThrow(expect.objectContaining({ code: 'option-invalid' }))
  })
})

describe('what a scheme says of itself', () => {
  it.each<[HttpMessageSignaturesOptions, boolean, string]>([
    [{}, true, 'the parameter created, in epoch seconds'],
    [{ parameters: ['created'] }, true, 'the parameter created, in epoch seconds'],
    [{ parameters: ['nonce'] }, true, 'none'],
    [{ parameters: ['keyid', 'alg'] }, false, 'none'],
    [{ parameters: ['keyid', 'expires'] }, true, 'the parameter expires, in epoch seconds'],
    [{ parameters: ['keyid'], components: [...BARE, 'date'] }, true, 'the header date, as HTTP writes a date'],
    [{ parameters: ['keyid'], components: [...BARE, 'x-a'] }, false, 'none'],
    [
      { parameters: ['expires', 'created'], components: [...BARE, 'date'] },
      true,
      'the parameter created, in epoch seconds; the parameter expires, in epoch seconds; the header date, as HTTP writes a date',
    ],
  ])('of replays and of times: %j', (options, detectsReplays, timestamp) => {
    expect(httpMessageSignatures(options)).toMatchObject({ detectsReplays, base: { timestamp } })
  })

  it('of the headers that it carries', () => {
    expect(carriesOf(httpMessageSignatures({ tag: 'app' }))).toEqual([
      {
        in: 'header',
        name: 'signature-input',
        required: true,
        secret: false,
        holds: 'The covered components (at least "@method" "@target-uri" "content-digest") and the parameters created, keyid, nonce, tag.',
      },
      {
        in: 'header',
        name: 'signature',
        required: true,
        secret: false,
        holds: 'The signature of the signature base, base64 between colons, under the same label.',
      },
      {
        in: 'header',
        name: 'content-digest',
        required: false,
        secret: false,
        holds: 'The sha-256 of the body, base64 between colons; with every body.',
      },
      {
        in: 'header',
        name: 'date',
        required: false,
        secret: false,
        holds: 'When it was signed, as HTTP writes a date; where the call covers it.',
      },
    ])
    const dated = carriesOf(httpMessageSignatures({ components: [...BARE, 'date'], digest: 'sha-512' }))
    expect(dated.slice(2)).toMatchObject([
      { required: false, holds: 'The sha-512 of the body, base64 between colons; where the call covers it.' },
      { required: true, holds: 'When it was signed, as HTTP writes a date.' },
    ])
  })

  it('of what its signers take: a nonce, and nothing that other schemes have', () => {
    const scheme = httpMessageSignatures()
    expect(scheme.base?.takes).toEqual({ parameters: [], timestamps: [], nonce: true, sessionToken: false })
    const secret = Buffer.alloc(40, 5).toString('base64')
    const given = [
      [{ keyId: 'k', secret, sessionToken: 't' }, {}],
      [{ keyId: 'k', secret }, { parameters: { a: '1' } }],
      [{ keyId: 'k', secret }, { timestamp: 'seconds' }],
    ] as const
    for (const [credentials, options] of given)
      expect(() => createSigner(scheme, credentials as never, options as never)).toThrow(CountersignError)
  })

  it('of its secrets: they are base64, and nothing else passes for it', () => {
    expect(httpMessageSignatures().secret).toEqual({ encoding: 'base64', prefix: '' })
    for (const secret of [`${'ff'.repeat(40)}!`, 'pa$$word'.repeat(8)])
      expect(() => createSigner(httpMessageSignatures(), { keyId: 'k', secret })).toThrow(
        expect.objectContaining({ code: 'secret-malformed' }),
      )
  })
})
