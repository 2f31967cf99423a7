import type { Failure } from '../contract/failure.ts'
import type { Key } from '../keys/key.ts'
import type { VerifyOptions } from './types.ts'

/** Why a key may not make a call for which one of these permissions is needed. */
export function findDenial({ id, permissions }: Key, permission: VerifyOptions['permission']): Failure | undefined {
  if (permission === undefined) return undefined
  const required = typeof permission === 'string' ? [permission] : permission
  return required.some(name => permissions.has(name)) ? undefined : { code: 'permission-denied', keyId: id, required }
}
