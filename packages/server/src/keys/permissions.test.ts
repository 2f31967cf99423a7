import { describe, expect, it } from 'vitest'
import { compilePermissions } from './permissions.ts'

describe('permissions', () => {
  it('of one’s own are checked when they are compiled', () => {
    const own = { name: 'orders', title: 'Orders', description: '', opens: ['GET /orders/{id}', 'GET /orders/open'] }
    expect(compilePermissions([own, { ...own, name: 'open', opens: ['GET /orders/open'] }])('GET', '/orders/open')?.permissions).toEqual([
      'orders',
      'open',
    ])
    expect(() => compilePermissions([{ ...own, opens: ['orders'] }])).toThrow(/GET \/orders/)
  })
})
