import type { Scheme } from 'countersign'
import { ServerError } from '../errors.ts'

/**
 * Finds a scheme among those that a service knows, which may have schemes of its own.
 *
 * @throws ServerError `scheme-unknown`, which names those that there are
 */
export function requireScheme(schemes: readonly Scheme[], name: string): Scheme {
  const scheme = schemes.find(one => one.name === name)
  if (scheme !== undefined) return scheme
  const known = schemes.map(one => one.name).join(', ')
  throw new ServerError(
    'scheme-unknown',
    400,
    `There is no scheme ${JSON.stringify(name)}; there are ${known}. For one of your own give the path of its declaration: in the gateway’s setting schemes, or with --scheme ./${name.replace(/^.*[/\\]|\.json$/g, '')}.json.`,
  )
}
