import { resolve } from 'node:path'
import type { StoreConfig } from '@countersign/server'
import { isSchemeFile, readSchemeFile } from '@countersign/server/scheme-files'
import { DEFAULT_SCHEME_NAME, schemeNamed } from 'countersign/schemes'
import { UsageError } from '../process/exit.ts'
import { tell } from '../process/streams.ts'
import { schemeNameOf } from '../signing/find-scheme.ts'
import type { ManagerOptions } from './store-options.ts'

/**
 * The name of a new key's scheme: the one that is given, else the one that the routes of the settings take. A given one
 * that they don't take is warned of.
 *
 * @returns undefined: neither says one
 * @throws UsageError `scheme-missing` where the routes take several
 */
export function schemeOfKey(
  { scheme: given, config }: Pick<ManagerOptions, 'scheme' | 'config'>,
  { schemesOfRoutes }: Partial<StoreConfig>,
): string | undefined {
  const name = given === undefined ? undefined : schemeNameOf(given)
  if (schemesOfRoutes === undefined || config === undefined) return name
  const taken = [...new Set(schemesOfRoutes)]
  if (name === undefined) {
    if (taken.length === 1) return taken[0]
    throw new UsageError(
      'scheme-missing',
      `The routes in ${config.path} take ${taken.join(', ')}: say which one the key is for with --scheme.`,
    )
  }
  if (!taken.includes(name))
    tell(`warning: no route in ${config.path} takes ${name}: the gateway refuses calls by this key. They take ${taken.join(', ')}.`)
  return name
}

/** As a profile has it: a shipped scheme's name, or the whole path of a declaration, which is found from any folder. */
export function schemeOfProfile(given: string = DEFAULT_SCHEME_NAME, { schemes = [] }: Partial<StoreConfig>): string {
  if (schemeNamed(given) !== undefined) return given
  return isSchemeFile(given) ? resolve(given) : (schemes.find(path => readSchemeFile(path).name === given) ?? given)
}
