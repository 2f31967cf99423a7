import type { Scheme } from 'countersign'
import * as modules from 'countersign/schemes'
import { ServerError } from './errors.ts'

/** Those that come with the library. */
export const KNOWN_SCHEMES: readonly Scheme[] = Object.values(modules).filter(
  (value: unknown): value is Scheme => typeof value === 'object' && value !== null && 'kind' in value && 'name' in value,
)

/** @throws ServerError `scheme-unknown`, which names those that there are */
export function schemeNamed(schemes: readonly Scheme[], name: string): Scheme {
  const scheme = schemes.find(one => one.name === name)
  if (scheme !== undefined) return scheme
  const known = schemes.map(one => one.name).join(', ')
  throw new ServerError('scheme-unknown', 400, `There is no scheme ${JSON.stringify(name)}; there are ${known}.`)
}
