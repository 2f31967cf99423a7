import type { Key } from 'countersign'
import { principalOf } from '../keys/key-store.ts'
import { IDENTITY_PREFIX } from './headers.ts'

/** Who makes a verified call, for the upstream: names and values in turn. A client can not send these, see `forwardedHeaders`. */
export function identityHeaders(key: Key, scheme: string): string[] {
  const { organisationId, fundId, walletId } = principalOf(key)
  const said: readonly (readonly [name: string, value: string])[] = [
    ['key', key.id],
    ['organisation', organisationId],
    ['permissions', [...key.permissions].join(',')],
    ['scheme', scheme],
    ['fund', fundId],
    ['wallet', walletId],
  ]
  return said.filter(([, value]) => value !== '').flatMap(([name, value]) => [IDENTITY_PREFIX + name, encodeURI(value)])
}
