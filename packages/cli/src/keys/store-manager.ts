import {
  ensureOrganisation,
  migrationReport,
  openKeyService,
  readKeyDays,
  ServerError,
  type ServiceOptions,
} from '@countersign/server/store'
import { type KeyManager, SHOWN_DAYS } from './key-manager.ts'
import { localActor } from './local-actor.ts'

const DAY_MS = 86_400_000
const STATES = { enable: 'active', disable: 'disabled', revoke: 'revoked' } as const

/** On a store itself. */
export async function openStoreManager(options: ServiceOptions, organisation: string | undefined): Promise<KeyManager> {
  const service = await openKeyService(options)
  const actor = localActor()
  const { keys, administrators } = service
  async function organisationOrOnly(): Promise<string> {
    if (organisation !== undefined) return organisation
    await ensureOrganisation(service)
    const [only, ...others] = await administrators.organisations(undefined)
    if (only !== undefined && others.length === 0) return only.id
    throw new ServerError('organisation-missing', 400, 'There are several organisations: say which with --organisation.')
  }
  return {
    madeMasterKeyFile: service.madeMasterKeyFile,
    list: query => keys.list(organisation, query),
    get: id => keys.get(organisation, id),
    days: async id => await readKeyDays(service.database.db, (await keys.get(organisation, id)).id, SHOWN_DAYS, Date.now()),
    propose: async question => keys.propose(question),
    create: async key => keys.create(actor, await organisationOrOnly(), key),
    import: async key => keys.import(actor, await organisationOrOnly(), key),
    update: (id, changes) => keys.update(actor, organisation, id, changes),
    rotate: (id, rotation) => keys.rotate(actor, organisation, id, rotation),
    set: (id, verb) => keys.setState(actor, organisation, id, STATES[verb]),
    migration: ({ from, to, days }) =>
      migrationReport(service.database.db, organisation, { from, to, sinceMs: Date.now() - days * DAY_MS }),
    close: () => service.close(),
  }
}
