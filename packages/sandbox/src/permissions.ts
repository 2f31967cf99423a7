import { compilePermissions, isWithin, type Permission, type Principal, type Required } from '@countersign/server'

/** The permissions of the Qredo API v1, and which call wants which. The only place that says so. */
export const QREDO_PERMISSIONS: readonly Permission[] = [
  {
    name: 'balance',
    title: 'Balance',
    description: 'Read the balance, and nothing else.',
    opens: ['GET /balance'],
  },
  {
    name: 'web3',
    title: 'Web3 transactions',
    description: 'Submit transactions, and read how they stand.',
    opens: ['POST /transaction', 'GET /transactions/{tx_id}/status', 'GET /transactions/{tx_id}/approvals', 'GET /transactions/feed'],
  },
  {
    name: 'read_only',
    title: 'Read-only',
    description: 'Every call that reads.',
    opens: [
      'GET /account',
      'GET /balance',
      'GET /funds',
      'GET /funds/{fund_id}',
      'GET /funds/{fund_id}/ledger',
      'GET /trustedparties',
      'GET /wallet/{wallet_id}/history',
      'GET /transactions/{tx_id}/status',
      'GET /transactions/{tx_id}/approvals',
      'GET /transactions/feed',
    ],
  },
]

/** The permission of the older Partner API, whose calls lie below another base. */
export const PARTNER_PERMISSIONS: readonly Permission[] = [
  {
    name: 'partner',
    title: 'Partner API',
    description: 'Search, make and change companies.',
    opens: ['GET /company/search', 'POST /company', 'PUT /company/{company_id}'],
  },
]

export const PERMISSIONS: readonly Permission[] = [...QREDO_PERMISSIONS, ...PARTNER_PERMISSIONS]

/** What a demo key that may do everything can do. */
export const ALL_PERMISSIONS: readonly string[] = QREDO_PERMISSIONS.map(({ name }) => name)

/** What a call below an API's base needs of its key. */
export type RequiredFor = (method: string, path: string) => Required | undefined

export const requiredForQredo: RequiredFor = compilePermissions(QREDO_PERMISSIONS)
export const requiredForPartner: RequiredFor = compilePermissions(PARTNER_PERMISSIONS)

/** Why a verified key may not make a call although it has the permission: it is narrowed to another fund or wallet. */
export function narrowedAway(principal: Principal, required: Required | undefined): string | undefined {
  if (required === undefined || isWithin(principal, required)) return undefined
  return principal.fundId === ''
    ? `The key is narrowed to the wallet ${principal.walletId}.`
    : `The key is narrowed to the fund ${principal.fundId}.`
}
