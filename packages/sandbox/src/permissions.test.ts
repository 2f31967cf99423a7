import { compilePermissions, isWithin } from '@countersign/server'
import { describe, expect, it } from 'vitest'
import { QREDO_PERMISSIONS } from './permissions.ts'

describe('the permissions of the Qredo API', () => {
  const requiredFor = compilePermissions(QREDO_PERMISSIONS)

  it.each([
    ['GET', '/balance', ['balance', 'read_only']],
    ['GET', '/account', ['read_only']],
    ['GET', '/funds', ['read_only']],
    ['GET', '/funds/f1', ['read_only']],
    ['GET', '/funds/f1/ledger', ['read_only']],
    ['GET', '/trustedparties', ['read_only']],
    ['GET', '/wallet/w1/history', ['read_only']],
    ['POST', '/transaction', ['web3']],
    ['GET', '/transactions/t1/status', ['web3', 'read_only']],
    ['GET', '/transactions/t1/approvals', ['web3', 'read_only']],
    ['GET', '/transactions/feed', ['web3', 'read_only']],
  ])('%s %s needs one of %j', (method, path, permissions) => {
    expect(requiredFor(method, path)?.permissions).toEqual(permissions)
  })

  it.each([
    ['DELETE', '/balance'],
    ['POST', '/balance'],
    ['GET', '/'],
    ['GET', '/funds/'],
    ['GET', '/balance/'],
    ['GET', '/transactions//status'],
    ['GET', '/BALANCE'],
    ['POST', '/transactions/t1/cancel'],
  ])('what no permission opens is closed: %s %s', (method, path) => {
    expect(requiredFor(method, path)).toBeUndefined()
  })

  it('narrow a key to a fund or a wallet that the path names', () => {
    const ledger = requiredFor('GET', '/funds/f1/ledger')
    const history = requiredFor('GET', '/wallet/w1/history')
    const balance = requiredFor('GET', '/balance')
    if (ledger === undefined || history === undefined || balance === undefined) throw new Error('closed')
    const within = (fundId: string, walletId: string) =>
      [ledger, history, balance].map(required => isWithin({ fundId, walletId }, required))
    expect(within('', '')).toEqual([true, true, true])
    expect(within('f1', '')).toEqual([true, true, true])
    expect(within('f2', '')).toEqual([false, true, true])
    expect(within('', 'w2')).toEqual([true, false, true])
  })
})
