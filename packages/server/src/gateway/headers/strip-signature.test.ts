import { carriesOf, type Scheme } from 'countersign'
import { SCHEMES } from 'countersign/schemes'
import { describe, expect, it } from 'vitest'
import { ALWAYS_DROPPED } from './header-names.ts'
import { carriedHeaders, compileTargetStripper } from './strip-signature.ts'
import { passedOnHeaders } from './upstream-headers.ts'

const namesIn = (scheme: Scheme, place: string): readonly string[] =>
  carriesOf(scheme)
    .filter(carried => carried.in === place)
    .map(({ name }) => name)

describe.each(SCHEMES.map(scheme => ({ scheme, name: scheme.name })))('what $name carries', ({ scheme }) => {
  it('is taken out of the headers, in any case and with underscores for hyphens', () => {
    const dropped = new Set([...ALWAYS_DROPPED, ...carriedHeaders(scheme)])
    const spellings = namesIn(scheme, 'header').flatMap(name => [name, name.toUpperCase(), name.replaceAll('-', '_')])
    const raw = [...spellings.flatMap(name => [name, 'x']), 'x-own', 'kept', 'x_own', 'kept']
    expect(passedOnHeaders(raw, dropped)).toEqual(['x-own', 'kept', 'x_own', 'kept'])
  })

  it('is taken out of the query however its names are escaped, and nothing else is', () => {
    const strip = compileTargetStripper(scheme)
    const names = namesIn(scheme, 'query')
    const carried = names.flatMap(name => [`${name}=1`, name, `%${name.charCodeAt(0).toString(16)}${name.slice(1)}=2`])
    expect(strip(`/a?${['x=%7e&', ...carried, 'y='].join('&')}`)).toBe('/a?x=%7e&&y=')
    for (const target of ['/', '/a', '/a?', '/a?&', '/a?b=c&b=c', '/a?b=%&c=x?y', '//signature=1']) expect(strip(target)).toBe(target)
    if (names.length > 0) expect(strip(`/a?${carried.join('&')}`)).toBe('/a')
  })
})
