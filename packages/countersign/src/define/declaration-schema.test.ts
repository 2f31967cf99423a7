import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import undeclared from '../../../../vectors/undeclared.json' with { type: 'json' }
import { isDeclared } from '../scheme/scheme.ts'
import { SCHEMES } from '../schemes/registry.ts'
import { declarationSchema } from './declaration-schema.ts'

const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(declarationSchema())

describe('the JSON Schema of a declaration', () => {
  it('is the published file (npm run schema writes it)', () => {
    expect(JSON.parse(readFileSync(new URL('../../scheme.schema.json', import.meta.url), 'utf8'))).toEqual(declarationSchema())
  })

  it('takes every declaration that is shipped or tested', () => {
    const declarations = [
      ...SCHEMES.flatMap(scheme => (isDeclared(scheme) ? [scheme.declaration] : [])),
      ...undeclared.vectors.map(({ declaration }) => declaration),
      {
        ...undeclared.vectors[0]?.declaration,
        only: { methods: ['POST'], paths: ['/', '/hooks', '/hooks/*'], query: 'none', body: 'any' },
      },
      { ...undeclared.vectors[0]?.declaration, only: { paths: 'any' } },
    ]
    for (const declaration of declarations) expect([validate(declaration), validate.errors]).toEqual([true, null])
  })

  it('refuses what defineScheme refuses in shape', () => {
    const good = undeclared.vectors[0]?.declaration
    for (const bad of [
      { ...good, mesage: '' },
      { ...good, algorithm: 'md5' },
      { ...good, name: 'A B' },
      { ...good, message: undefined },
      { ...good, headers: { 'X-Upper': '{keyId}' } },
      { ...good, form: { key: '{keyId}' } },
      { ...good, only: { methods: ['get'] } },
      { ...good, only: { paths: ['hook'] } },
      { ...good, only: { paths: ['/a*'] } },
      { ...good, only: { path: 'any' } },
      { ...good, parameters: { id: { characters: 'visible', without: ' ', default: 'a' } } },
      [],
    ])
      expect(validate(JSON.parse(JSON.stringify(bad)))).toBe(false)
  })
})
