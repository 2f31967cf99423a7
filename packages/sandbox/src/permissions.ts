import { compilePermissions, isWithin, type Principal, QREDO_PERMISSIONS } from '@countersign/server'

/** What a call below the API's base needs: see the permissions' own list. */
export const requiredFor = compilePermissions(QREDO_PERMISSIONS)

export const ALL_PERMISSIONS: readonly string[] = QREDO_PERMISSIONS.map(({ name }) => name)

/** Why a verified key may not make a call although it has the permission: it is narrowed to another fund or wallet. */
export function narrowedAway(principal: Principal, method: string, path: string): string | undefined {
  const required = requiredFor(method, path)
  if (required === undefined || isWithin(principal, required)) return undefined
  return principal.fundId === ''
    ? `The key is narrowed to the wallet ${principal.walletId}.`
    : `The key is narrowed to the fund ${principal.fundId}.`
}
