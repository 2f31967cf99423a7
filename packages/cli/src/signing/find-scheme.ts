import { resolve } from 'node:path'
import { isSchemeFile, readSchemeFile } from '@countersign/server/scheme-files'
import { type Scheme, schemeWarnings } from 'countersign'
import { SCHEMES, schemeNamed } from 'countersign/schemes'
import { UsageError } from '../process/exit.ts'
import { tell } from '../process/streams.ts'

/**
 * A shipped scheme by its name, or one's own by the path of its declaration in JSON.
 *
 * @throws UsageError `scheme-unknown`; ServerError `scheme-unreadable`, `scheme-invalid`
 */
export function findScheme(name: string): Scheme {
  const shipped = schemeNamed(name)
  if (shipped !== undefined) return shipped
  if (!isSchemeFile(name))
    throw new UsageError(
      'scheme-unknown',
      `There is no scheme ${name}. There are: ${SCHEMES.map(candidate => candidate.name).join(', ')}; for one of your own give the path of its declaration, ./${name}.json`,
    )
  const scheme = readSchemeFile(name)
  for (const warning of schemeWarnings(scheme)) tell(`warning: ${scheme.name}: ${warning}`)
  return scheme
}

/** What finds a scheme again from any folder: its name, or the whole path of its declaration. */
export function schemeReference(given: string): string {
  return schemeNamed(given) === undefined ? resolve(given) : given
}

/** The name by which keys and routes know a scheme: a name as it was given, or that of the declaration in a file. */
export function schemeNameOf(given: string): string {
  return schemeNamed(given) === undefined && isSchemeFile(given) ? readSchemeFile(given).name : given
}
