import type { Only } from '../contract/loss.ts'

/** Which calls a verifier takes, in words; empty where nothing is said. */
export function describeOnly({ methods, paths, query, body }: Only): string {
  return [
    ...(methods === undefined ? [] : [methods.join(', ')]),
    ...(paths === undefined ? [] : [paths === 'any' ? 'any path' : `the paths ${paths.join(', ')}`]),
    ...(query === undefined ? [] : [query === 'any' ? 'any query' : 'no query']),
    ...(body === undefined ? [] : [{ any: 'any body', none: 'no body', required: 'with a body' }[body]]),
  ].join(', ')
}
