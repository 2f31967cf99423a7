import type { Key } from 'countersign'
import { principalOf } from '../../keys/open-key.ts'
import { IDENTITY_PREFIX } from './header-names.ts'

/** The header with who makes the call, signed; empty where the gateway has no key for that. */
export const SIGNED_IDENTITY = `${IDENTITY_PREFIX}identity`

/**
 * Who makes a verified call, for the upstream: names and values in turn, of which none is ever missing. A client can't
 * send these, see `passedOnHeaders`. Worked out once for a key as it is: a key that changes is another object.
 */
export function createIdentityHeaders(): (key: Key) => readonly string[] {
  const headersOfKeys = new WeakMap<Key, readonly string[]>()
  return key => {
    const cached = headersOfKeys.get(key)
    if (cached !== undefined) return cached
    const headers = identityHeaders(key)
    headersOfKeys.set(key, headers)
    return headers
  }
}

function identityHeaders(key: Key): readonly string[] {
  const { organisationId, fundId, walletId } = principalOf(key)
  const members: readonly (readonly [name: string, value: string])[] = [
    ['key', key.id],
    ['organisation', organisationId],
    ['permissions', [...key.permissions].join(',')],
    ['scheme', key.schemeName],
    ['fund', fundId],
    ['wallet', walletId],
  ]
  return members.flatMap(([name, value]) => [IDENTITY_PREFIX + name, encodeURI(value)])
}
