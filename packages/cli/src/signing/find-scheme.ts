import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { defineScheme, type Scheme, schemeWarnings } from 'countersign'
import { SCHEMES, schemeNamed } from 'countersign/schemes'
import { UsageError } from '../process/exit.ts'
import { tell } from '../process/streams.ts'

/**
 * A shipped scheme by its name, or one's own by the path of its declaration in JSON.
 *
 * @throws UsageError `scheme-unknown`, `scheme-unreadable`; CountersignError `scheme-invalid`
 */
export function findScheme(name: string): Scheme {
  const scheme = schemeNamed(name)
  if (scheme !== undefined) return scheme
  if (/[./\\]/.test(name)) return readSchemeFile(name)
  throw new UsageError(
    'scheme-unknown',
    `There is no scheme ${name}. There are: ${SCHEMES.map(candidate => candidate.name).join(', ')}; for one of your own give the path of its declaration, ./${name}.json`,
  )
}

/** What finds a scheme again from any folder: its name, or the whole path of its declaration. */
export function schemeReference(given: string): string {
  return schemeNamed(given) === undefined ? resolve(given) : given
}

function readSchemeFile(path: string): Scheme {
  let declaration: Parameters<typeof defineScheme>[0]
  try {
    declaration = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UsageError(
      'scheme-unreadable',
      `The declaration ${path} can't be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  const scheme = defineScheme(declaration)
  for (const warning of schemeWarnings(scheme)) tell(`warning: ${scheme.name}: ${warning}`)
  return scheme
}
