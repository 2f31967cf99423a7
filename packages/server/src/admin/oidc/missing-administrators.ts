import type { Administrators } from '../administrators.ts'
import type { OidcSettings } from './oidc-settings.ts'

/** The administrators that the settings' people are said to be, and who are not there. */
export async function missingAdministrators(
  administrators: Pick<Administrators, 'list'>,
  { people }: Pick<OidcSettings, 'people'>,
): Promise<readonly string[]> {
  const there = new Set((await administrators.list(undefined)).map(({ id }) => id))
  return [...new Set(people.map(({ administrator }) => administrator))].filter(id => !there.has(id))
}
