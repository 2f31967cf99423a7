import { describe, expect, it } from 'vitest'
import { DEFAULT_SCHEME_NAME } from './default-name.ts'
import * as shipped from './index.ts'
import { SCHEMES, schemeNamed } from './registry.ts'

/** Exports of this folder that are schemes, by the name of the export. */
const exported = Object.entries<unknown>({ ...shipped }).filter(
  ([, value]) => typeof value === 'object' && value !== null && 'message' in value,
)

describe('the registry of schemes', () => {
  it('holds every scheme that is exported, each once, sorted by name', () => {
    expect(exported.length).toBeGreaterThan(15)
    expect(new Set(SCHEMES)).toEqual(new Set(exported.map(([, scheme]) => scheme)))
    const names = SCHEMES.map(({ name }) => name)
    expect(names).toEqual([...new Set(names)].sort())
    expect(names).toHaveLength(exported.length)
  })

  it('finds a scheme by its name, and its default is one of them', () => {
    for (const scheme of SCHEMES) expect(schemeNamed(scheme.name)).toBe(scheme)
    expect(schemeNamed('no-such-scheme')).toBeUndefined()
    expect(schemeNamed(DEFAULT_SCHEME_NAME)).toBeDefined()
  })
})
