import { describe, expect, it } from 'vitest'
import undeclared from '../../../../vectors/undeclared.json' with { type: 'json' }
import { isDeclared } from '../scheme/scheme.ts'
import { parseTemplate } from '../scheme/template.ts'
import * as shipped from '../schemes/index.ts'
import { SCHEMES } from '../schemes/registry.ts'
import { field, filter, join, text } from './recipe.ts'
import { templateOf } from './template-of.ts'

describe('templateOf', () => {
  it('writes every template as it was declared', () => {
    const templates = [
      ...SCHEMES.flatMap(scheme => (isDeclared(scheme) ? [scheme.declaration.message] : [])),
      ...undeclared.vectors.map(({ declaration }) => declaration.message),
      '{timestamp or nonce}{{}}{passphrase|hmac|base64}{body|sha1|hex-upper}{query|sorted}',
    ].filter(message => typeof message === 'string')
    expect(templates.length).toBeGreaterThan(20)
    for (const template of templates) expect(templateOf(join('', parseTemplate(template)))).toBe(template)
  })

  it('says in words what no template can', () => {
    expect(templateOf(shipped.kraken.message)).toBe('{path}{sha256 of "{nonce}{body}", as bytes}')
    expect(templateOf(filter('percent-encode', join('\n', [field('method'), text('x')]), '/'))).toBe('{"{method}\nx"|percent-encode(/)}')
  })
})
