import { existsSync, writeFileSync } from 'node:fs'
import type { KeyService } from '@countersign/server'
import type { Store } from '../store/database.ts'

/** Whose the demo keys are. */
export interface DemoAccounts {
  readonly organisationId: string
  readonly personId: string
}

/** What the audit log says of who makes accounts and keys at the first start. */
export const ACTOR = { name: 'sandbox', address: '' }

/** The accounts whose keys these are: made in the key store at the first start. */
export async function keepAccounts({ administrators }: KeyService, store: Store): Promise<DemoAccounts> {
  const ids = { organisation: '', person: '' }
  for (const { id, name, kind } of await store.selectFrom('organisation').select(['id', 'name', 'kind']).orderBy('name').execute()) {
    ids[kind] ||= id
    const known = await administrators.organisations(id)
    if (known.length === 0) await administrators.createOrganisation(ACTOR, { id, name, kind })
  }
  return { organisationId: ids.organisation, personId: ids.person }
}

/** An administrator of the organisation, at the first start. */
export async function keepAdministrator({ administrators }: KeyService, organisationId: string, tokenFile: string): Promise<void> {
  if (existsSync(tokenFile)) return
  const { token } = await administrators.create(ACTOR, undefined, { name: 'sandbox', role: 'admin', organisationId, expiresAtMs: null })
  writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 })
}
