import { createVerifier, memoryKeys } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRouter } from '../router.ts'
import type { RouteConfig } from '../routes.ts'
import { PATH_READINGS, type PathReading, readingsOf, STEPS } from './path-readings.ts'

const keys = memoryKeys(qredoV1, [])
const cached = {
  ...keys,
  find: keys.find,
  ofScheme: () => keys,
  forget: () => undefined,
  forgetAll: () => undefined,
  size: 0,
  counts: { hits: 0, misses: 0, stale: 0 },
}
const GUARDED = { path: '/admin', schemes: ['qredo-v1'], permission: ['root'] }

function router(routes: readonly RouteConfig[], allow: readonly ('dot-segments' | 'double-slashes')[] = []) {
  const options = { schemes: [qredoV1], origin: 'https://api.example.com', keys: cached, replay: { claim: () => 'fresh' as const } }
  const routeOf = createRouter({ ...options, routes, allow })
  return (path: string, method = 'GET'): string => {
    const route = routeOf(method, path)
    if (typeof route === 'string') return route
    return 'unclear' in route ? 'unclear' : route.config.path
  }
}

/** The inverse of each reading: another spelling of the same path, for a server that reads it so. */
const SPELL: { readonly [R in PathReading]: (path: string, at: number) => string } = {
  'escape-spelling': (path, at) => {
    const index = 1 + (at % Math.max(path.length - 1, 1))
    const code = path.charCodeAt(index)
    return Number.isNaN(code) ? path : `${path.slice(0, index)}%${code.toString(16).padStart(2, '0')}${path.slice(index + 1)}`
  },
  parameters: (path, at) => behind(path, at, /(?<=[^/])(?=\/|$)/g, [';', ';x=1', ';..'][at % 3] ?? ''),
  'dot-segments': (path, at) => behind(path, at, /(?=\/)/g, ['/.', '/x/..', '/x/y/../..'][at % 3] ?? ''),
  'double-slashes': (path, at) => (at % 4 === 3 ? `//host${path}` : behind(path, at, /(?=\/)/g, '/')),
  backslashes: (path, at) => {
    const slash = [...path.matchAll(/\//g)].slice(1)
    const index = slash[at % Math.max(slash.length, 1)]?.index
    return index === undefined ? path : `${path.slice(0, index)}\\${path.slice(index + 1)}`
  },
  'letter-case': (path, at) => {
    const index = at % path.length
    return path.slice(0, index) + (path[index] ?? '').toUpperCase() + path.slice(index + 1)
  },
  'letter-shapes': (path, at) => {
    const index = at % path.length
    const letter = path[index] ?? ''
    if (!/[a-z]/.test(letter)) return path
    const fullWidth = encodeURIComponent(String.fromCharCode(letter.charCodeAt(0) + 0xfee0))
    const shapes = [fullWidth, `${letter}%CC%87`, `${letter}%C2%AD`, `${letter}%FF`, letter === 'i' ? '%C4%B0' : fullWidth]
    return path.slice(0, index) + (shapes[at % shapes.length] ?? '') + path.slice(index + 1)
  },
  'script-names': (path, at) => `/${['index.php', 'cgi-bin/x.cgi', 'v1/app.py'][at % 3]}${path}`,
}

/** Puts text into one of the places. */
function behind(path: string, at: number, places: RegExp, text: string): string {
  const found = [...path.matchAll(places)]
  const index = found[at % Math.max(found.length, 1)]?.index ?? path.length
  return path.slice(0, index) + text + path.slice(index)
}

describe('a path that a server may read as a guarded one', () => {
  const spellings = fc.array(fc.tuple(fc.constantFrom(...PATH_READINGS), fc.nat({ max: 60 })), { minLength: 1, maxLength: 7 })
  const route = router(
    [{ path: '/', schemes: ['qredo-v1'] }, { path: '/admin/open', schemes: ['qredo-v1'] }, GUARDED],
    ['dot-segments', 'double-slashes'],
  )
  const met = new Set<string>()

  it('is refused, or guarded, in every composition of spellings', () => {
    fc.assert(
      fc.property(fc.constantFrom('/admin', '/admin/users', '/admin/users/7/'), spellings, (guarded, steps) => {
        let path: string = guarded
        for (const [name, at] of steps) path = SPELL[name](path, at)
        const got = route(path)
        met.add(got)
        expect([path, ['unclear', '/admin'].includes(got) ? 'guarded' : got]).toEqual([path, 'guarded'])
      }),
      { seed: 16, numRuns: 5000 },
    )
    expect([...met].sort()).toEqual(['/admin', 'unclear'])
  })

  it('is one whose readings have been read to the end', () => {
    const anything = fc.string({ unit: fc.constantFrom('/', '.', '..', '%', '2', '5', 'e', 'f', 'c', ';', '\\', 'A', 'b'), maxLength: 24 })
    const taken = new Set(PATH_READINGS)
    fc.assert(
      fc.property(anything, text => {
        const found = readingsOf(`/${text}`, taken)
        if ('odd' in found) return
        const all = new Set(found.readings)
        for (const reading of found.readings) {
          const again = readingsOf(reading, taken)
          expect('odd' in again ? again : again.readings.filter(one => !all.has(one))).toEqual([])
        }
      }),
      { seed: 16, numRuns: 2000 },
    )
  })
})

describe('a path that is taken to have one reading', () => {
  const verifier = createVerifier(qredoV1, { origin: 'https://api.example.com', keys, replay: { claim: () => 'fresh' } })
  const isTaken = async (target: string): Promise<boolean> => {
    const result = await verifier.verify({ method: 'GET', target, headers: [], body: undefined })
    return result.ok || result.failure.code !== 'malformed-target'
  }
  /** Every byte, and what servers read in more than one way. */
  const piece = fc.oneof(
    { weight: 2, arbitrary: fc.nat({ max: 255 }).map(code => String.fromCharCode(code)) },
    { weight: 3, arbitrary: fc.constantFrom('/', 'a', 'b', '7', '-', '_', '~') },
    { weight: 1, arbitrary: fc.constantFrom('.', '..', ':', '@', '.php/', '.php5/', '.phtml/', '.fcgi/', '.cgi/', '.pl/', '.py/') },
    { weight: 1, arbitrary: fc.constantFrom('.asp/', '.aspx/', '.ashx/', '.PHP/', '.php', ';x=1', '%61', '%2f', '\\', '//') },
  )
  const paths = fc.array(piece, { maxLength: 6 }).map(pieces => `/${pieces.join('')}`.split('?')[0] ?? '')

  it('is one that no step changes, of all that a verifier takes', async () => {
    let tried = 0
    await fc.assert(
      fc.asyncProperty(paths, async path => {
        if (!(await isTaken(path))) return
        const found = readingsOf(path, new Set(PATH_READINGS))
        if ('odd' in found || found.readings.length > 1) return
        tried++
        expect([path, STEPS.filter(([, step]) => step(path) !== path).map(([name]) => name)]).toEqual([path, []])
      }),
      { seed: 16, numRuns: 10_000 },
    )
    expect(tried).toBeGreaterThan(500)
  })
})

it.each([
  '/admin%e2%84%aa',
  '/%E2%84%AAadmin',
  '/admin/%c5%bf',
  '/%EF%BD%81dmink',
  '/%ef%bc%ab%EF%BC%A1dmin',
  '/%25EF%25BD%2581dmink',
  '/%c3%9cber',
  ...['/%E2%84%AAadmin/%FF', '/%80%E2%84%AAadmin', '/adm%C4%B0nk', '/adm%C4%B1nk', '/adm%C2%ADink'],
  ...['/x%EF%BC%8F%EF%BC%8E%EF%BC%8E/admink', '/x/%EF%BC%8E%EF%BC%8E/admink/%FF'],
])('letters are read in each case and shape: %s', path => {
  const guarded = ['/admink', '/kadmin', '/admin/s', '/%C3%BCber'].map(own => ({ ...GUARDED, path: own }))
  expect(router([{ path: '/', schemes: ['qredo-v1'] }, ...guarded])(path)).toBe('unclear')
})

it('a route is written as on the request line', () => {
  expect(() => router([{ path: '/über', schemes: ['qredo-v1'] }])).toThrow(/write \/%C3%BCber/)
  expect(router([{ path: '/%C3%BCber', schemes: ['qredo-v1'] }])('/%C3%BCber')).toBe('/%C3%BCber')
})

it.each([
  '/orders/*',
  '/orders/:id',
  '/{id}',
  '/a?x=1',
  '/a#b',
  '/a b',
  '/orders/[id]',
  '/orders/<id>',
  '/orders/.+',
  '/orders/$',
  '/a|/b',
  '/a,/b',
  '/%2A',
  '/%7bid%7d',
  '/(a)',
])('a route for no request is refused: %s', path => {
  expect(() => router([{ path, schemes: ['qredo-v1'] }])).toThrow(expect.objectContaining({ code: 'route-invalid' }))
})

it.each([
  [
    ['/a', undefined],
    ['/a', undefined],
  ],
  [
    ['/a', undefined],
    ['/a/', undefined],
  ],
  [
    ['/a', ['GET', 'POST']],
    ['/a', ['POST']],
  ],
] as const)('two routes for the same calls are refused, of which one would never be used: %j and %j', (first, second) => {
  const routes = [first, second].map(([path, methods]) => ({ path, methods, schemes: ['qredo-v1'], permission: [path] }))
  expect(() => router(routes)).toThrow(expect.objectContaining({ code: 'route-invalid', message: expect.stringMatching(/^Two routes/) }))
})

it.each([0, 1])('of two routes with a path, the one that names the method is meant, in whatever order: %i', order => {
  const named = { path: '/a', methods: ['POST'], schemes: ['qredo-v1'], permission: ['root'] }
  const open = { path: '/a/', schemes: ['qredo-v1'] }
  const route = router(order === 0 ? [named, open] : [open, named])
  expect([route('/a/x', 'POST'), route('/a/x', 'GET'), route('/a', 'PUT')]).toEqual(['/a', '/a/', '/a/'])
})

it('a colon within a segment is a part of the path', () => {
  expect(router([{ path: '/things:batch', schemes: ['qredo-v1'] }])('/things:batch')).toBe('/things:batch')
})

describe('what is demanded of a path', () => {
  const open = { path: '/', schemes: ['qredo-v1'] }

  it.each([
    ['a permission', { permission: ['root'] }, 'unclear'],
    ['other calls only', { only: { methods: ['GET'] } }, 'unclear'],
    ['another method', { methods: ['POST'] }, 'unclear'],
    ['the same', {}, '/'],
    ['the same, for the method at hand', { methods: ['GET'] }, '/'],
  ] as const)('by the route that a server reads in it: %s', (_name, demand, expected) => {
    expect(router([open, { path: '/admin', schemes: ['qredo-v1'], ...demand }])('/%61dmin/x')).toBe(expected)
  })

  it('is more than nothing where a server reads a path without a route', () => {
    const route = router([{ path: '/api', schemes: ['qredo-v1'] }], ['dot-segments'])
    for (const path of ['/api/../admin', '/api/..%2fadmin', '/api%2f..%2fadmin', '/API/x'])
      expect([path, route(path)]).toEqual([path, 'unclear'])
    expect(route('/api/a/../b')).toBe('/api')
  })
})

describe('what is allowed by name', () => {
  const written: { readonly [R in PathReading]: string } = {
    'escape-spelling': '/%61dmin/x',
    parameters: '/admin;v=1/x',
    'dot-segments': '/x/../admin',
    'double-slashes': '//admin',
    backslashes: '/x\\..\\admin',
    'letter-case': '/Admin/x',
    'letter-shapes': '/%EF%BD%81dmin/x',
    'script-names': '/index.php/admin',
  }

  it.each(PATH_READINGS)('is that the upstream of a route does not read: %s', name => {
    const allow: PathReading[] = name === 'backslashes' ? [name, 'dot-segments'] : [name]
    const open = { path: '/', schemes: ['qredo-v1'] }
    for (const [other, path] of Object.entries(written)) {
      // What is never decoded has ASCII letters alone.
      const isUndecoded = name === 'escape-spelling' && other === 'letter-shapes'
      const isAllowed = isUndecoded || (allow.includes(other as PathReading) && (other !== 'backslashes' || name === 'backslashes'))
      expect([path, router([{ ...open, allow }, GUARDED])(path)]).toEqual([path, isAllowed ? '/' : 'unclear'])
      expect([path, router([open, GUARDED])(path)]).toEqual([path, 'unclear'])
    }
  })

  it.each([
    ['dot-segments', '/x/../y', '/x/../admin'],
    ['double-slashes', '/x//y', '//admin'],
  ] as const)('for all routes only lets a path in as long as the same is demanded of it however it is read: %s', (name, same, other) => {
    const routes = [{ path: '/', schemes: ['qredo-v1'] }, GUARDED]
    expect([router(routes)(same), router(routes, [name])(same), router(routes, [name])(other)]).toEqual(['unclear', '/', 'unclear'])
  })

  it('never is a way above the root, behind which an upstream has other folders', () => {
    for (const path of ['/..', '/../x', '/a/../../x', '/%2e%2e/x', '/a/..%2f..%2fx', '/a/..;/..;/x', '/..\\x'])
      expect([path, router([{ path: '/', schemes: ['qredo-v1'] }], ['dot-segments'])(path)]).toEqual([path, 'unclear'])
  })
})

it('a path that is made to have many readings costs no more than a few of a long one', () => {
  for (const piece of ['%25', '/a%3b%2f..%5c%252f', '/x%25252f', '/A;b', '%2525252525252e']) {
    const found = readingsOf(`/${piece.repeat(16_000 / piece.length)}`, new Set(PATH_READINGS))
    const characters = 'odd' in found ? 0 : found.readings.reduce((sum, { length }) => sum + length, 0)
    expect(characters).toBeLessThanOrEqual(65_536)
  }
})
