import type { KeyDay, KeyPage } from '@countersign/server/store'
import { createAdminCall, notOurs } from './admin-api.ts'
import { type KeyManager, SHOWN_DAYS } from './key-manager.ts'

/** @param token of an administrator */
export function openServerManager(origin: string, token: string, organisation: string | undefined): KeyManager {
  const { base, call } = createAdminCall(origin, token)
  const about = organisation === undefined ? {} : { organisation }
  const at = (id: string): string => `/keys/${encodeURIComponent(id)}`
  return {
    async list(query) {
      const page = await call<KeyPage>('GET', '/keys', { ...query, ...about })
      if (!Array.isArray(page.keys)) throw notOurs(base)
      return page
    },
    get: id => call('GET', at(id), {}),
    days: async id => (await call<{ readonly days: readonly KeyDay[] }>('GET', `${at(id)}/usage`, { days: SHOWN_DAYS })).days,
    propose: question => call('POST', '/new-secret', {}, question),
    create: key => call('POST', '/keys', about, key),
    import: key => call('POST', '/keys/import', about, key),
    update: (id, changes) => call('PATCH', at(id), {}, changes),
    rotate: (id, rotation) => call('POST', `${at(id)}/rotate`, {}, rotation),
    set: (id, verb) => call('POST', `${at(id)}/${verb}`, {}),
    migration: ({ from, to, days }) => call('GET', '/migration', { from: listed(from), to: listed(to), days }),
    close: () => Promise.resolve(),
  }
}

/** By commas; nothing where there are none. */
function listed(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : names.join(',')
}
