import { describe, expect, it } from 'vitest'
import * as shipped from '../schemes/index.ts'
import { SCHEMES } from '../schemes/registry.ts'
import { openApiSecurity } from './openapi.ts'

describe('openApiSecurity', () => {
  it.each(SCHEMES)('$name: every security scheme is complete, and those that are wanted are known', scheme => {
    const { components, security } = openApiSecurity(scheme)
    expect(Object.keys(components.securitySchemes).length).toBeGreaterThan(0)
    for (const [key, one] of Object.entries(components.securitySchemes)) {
      expect(key).toMatch(/^[a-zA-Z0-9._-]+$/)
      expect(one).toEqual({
        type: 'apiKey',
        in: expect.stringMatching(/^(header|query)$/) as string,
        name: expect.any(String) as string,
        description: expect.stringContaining(scheme.title) as string,
      })
    }
    for (const name of Object.keys(security[0] ?? {})) expect(components.securitySchemes).toHaveProperty([name])
    for (const parameter of Object.values(components.parameters))
      expect(parameter).toMatchObject({ schema: { type: 'string' }, required: expect.any(Boolean) as boolean })
  })

  it('names the three headers of qredo-v1', () => {
    const { components, security } = openApiSecurity(shipped.qredoV1)
    expect(Object.values(components.securitySchemes).map(one => (one as { name: string }).name)).toEqual([
      'qredo-api-key',
      'qredo-api-ts',
      'qredo-api-sig',
    ])
    expect(security).toEqual([{ 'qredo-v1-qredo-api-key': [], 'qredo-v1-qredo-api-ts': [], 'qredo-v1-qredo-api-sig': [] }])
  })
})
