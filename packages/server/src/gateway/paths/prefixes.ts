import { ServerError } from '../../errors.ts'
import { readingsOf } from './path-readings.ts'

/** @param routes the longest prefix first */
export function findPrefix<R extends { readonly prefix: string }>(routes: readonly R[], path: string): R | undefined {
  return routes.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`))
}

/** A prefix as a server may read it, and the route's prefix that it is a reading of. */
interface ReadPrefix {
  readonly prefix: string
  readonly owner: string
}

/**
 * The prefixes of routes as servers read them, the longest first.
 *
 * @throws ServerError `route-invalid` where two are read alike, or one is of a kind that no request is let through with
 */
export function readPrefixes(prefixes: readonly string[]): readonly ReadPrefix[] {
  const owners = new Map<string, string>()
  for (const owner of prefixes) {
    const read = owner === '' ? { readings: [''] } : readingsOf(owner)
    if ('odd' in read)
      throw new ServerError('route-invalid', 400, `Servers read the path of the route ${owner} in different ways: ${read.odd}.`)
    for (const prefix of read.readings) {
      const other = owners.get(prefix) ?? owner
      if (other !== owner)
        throw new ServerError('route-invalid', 400, `Some servers read the paths of the routes ${other} and ${owner} alike: choose others.`)
      owners.set(prefix, owner)
    }
  }
  return [...owners].map(([prefix, owner]) => ({ prefix, owner })).sort((a, b) => b.prefix.length - a.prefix.length)
}
