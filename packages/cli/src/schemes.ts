import type { Scheme } from 'countersign'
import * as schemes from 'countersign/schemes'
import { UsageError } from './exit.ts'

export const SCHEMES: readonly Scheme[] = Object.values(schemes).sort((a, b) => (a.name < b.name ? -1 : 1))

export const DEFAULT_SCHEME = 'qredo-v1'

/** @throws UsageError `scheme-unknown` */
export function findScheme(name: string): Scheme {
  const scheme = SCHEMES.find(candidate => candidate.name === name)
  if (scheme !== undefined) return scheme
  throw new UsageError('scheme-unknown', `There is no scheme ${name}. There are: ${SCHEMES.map(candidate => candidate.name).join(', ')}`)
}
