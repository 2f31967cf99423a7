import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Sandbox } from '../src/index.ts'
import { APPROVAL_STEPS, PATH } from '../src/transactions/lifecycle.ts'
import { ACTOR, advance, cleanUp, client, clientOf, newFolder, STEP_MS, start, stop, time, transactionOf, walletOf } from './sandbox.ts'

cleanUp()

async function submit(sandbox: Sandbox, more: Record<string, unknown> = {}, headers: Record<string, string> = {}) {
  const answer = await client(sandbox)('POST', '/transaction', transactionOf(sandbox, more), headers)
  time.now += 1
  return { ...answer, id: String(answer.body['txID']) }
}

async function stateOf(sandbox: Sandbox, id: string) {
  return (await client(sandbox)('GET', `/transactions/${id}/status`)).body as {
    status: string
    events: { status: string; message: string }[]
  }
}

async function decide(
  sandbox: Sandbox,
  id: string,
  decision: string,
  approver?: string,
  token = readFileSync(sandbox.adminTokenFile, 'utf8').trim(),
) {
  const response = await fetch(`${sandbox.origin}/sandbox/v1/transactions/${id}/decision`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ decision, approver }),
  })
  return { status: response.status, body: (await response.json()) as { code?: string } }
}

const saysOf = async (sandbox: Sandbox, id: string) => {
  const { body } = await client(sandbox)('GET', `/transactions/${id}/approvals`)
  return (body['list'] as { username: string; status: string }[]).map(({ username, status }) => `${username} ${status}`)
}

describe('approvals', () => {
  it('come one a step, until as many have approved as the policy asks for', async () => {
    const sandbox = await start()
    const { id } = await submit(sandbox)
    expect(await saysOf(sandbox, id)).toEqual([])
    await advance(sandbox)
    expect(await saysOf(sandbox, id)).toEqual(['alice pending', 'bob pending', 'carol pending'])
    await advance(sandbox)
    expect([(await stateOf(sandbox, id)).status, await saysOf(sandbox, id)]).toEqual([
      'pending',
      ['alice approved', 'bob pending', 'carol pending'],
    ])
    await advance(sandbox)
    expect([(await stateOf(sandbox, id)).status, await saysOf(sandbox, id)]).toEqual([
      'authorized',
      ['alice approved', 'bob approved', 'carol pending'],
    ])
  })

  it('are rejections where the note says so', async () => {
    const sandbox = await start()
    const { id } = await submit(sandbox, { note: 'sandbox:reject' })
    await advance(sandbox, 6)
    expect(await stateOf(sandbox, id)).toMatchObject({ status: 'rejected' })
    expect(await saysOf(sandbox, id)).toEqual(['alice rejected', 'bob rejected', 'carol pending'])
    // What it would have cost is free again.
    expect((await client(sandbox)('GET', '/balance')).text).toContain('"pendingOut":0,')
  })

  it('are made by hand where nobody makes them, by administrators of the account', async () => {
    const sandbox = await start()
    const { id } = await submit(sandbox, { note: 'sandbox:hold' })
    await advance(sandbox, 5)
    expect((await stateOf(sandbox, id)).status).toBe('pending')
    expect((await decide(sandbox, id, 'approve', 'nobody')).status).toBe(404)
    expect((await decide(sandbox, 'nothing', 'approve', 'alice')).status).toBe(404)
    expect((await decide(sandbox, id, 'approve', 'alice', 'csa_wrong')).status).toBe(401)
    const { token } = await sandbox.service.administrators.create(ACTOR, undefined, {
      name: 'a',
      role: 'auditor',
      organisationId: sandbox.workspaceId,
    })
    expect((await decide(sandbox, id, 'approve', 'alice', token)).status).toBe(403)
    expect((await decide(sandbox, id, 'perhaps')).body.code).toBe('invalid-body')
    expect((await decide(sandbox, id, 'approve', 'alice')).status).toBe(200)
    expect((await decide(sandbox, id, 'reject', 'alice')).body.code).toBe('already-decided')
    await advance(sandbox)
    expect((await stateOf(sandbox, id)).status).toBe('pending')
    expect((await decide(sandbox, id, 'approve', 'carol')).status).toBe(200)
    await advance(sandbox)
    expect((await stateOf(sandbox, id)).status).toBe('authorized')
    expect((await decide(sandbox, id, 'approve', 'bob')).body.code).toBe('not-pending')
  })
})

describe('a transaction', () => {
  it('expires when it is not approved in time, also over a restart', async () => {
    const directory = newFolder()
    const first = await start({ directory })
    const { id } = await submit(first, { note: 'sandbox:hold' })
    await advance(first, 2)
    await stop(first)
    time.now += APPROVAL_STEPS * STEP_MS
    const second = await start({ directory })
    await second.engine.advance()
    expect((await stateOf(second, id)).events.map(({ status }) => status)).toEqual(['created', 'pending', 'expired'])
  })

  it('can be cancelled until it is signed', async () => {
    const sandbox = await start()
    const { id } = await submit(sandbox)
    await advance(sandbox, 2)
    expect((await decide(sandbox, id, 'cancel')).status).toBe(200)
    await advance(sandbox, 3)
    expect((await stateOf(sandbox, id)).status).toBe('cancelled')
    const { id: late } = await submit(sandbox)
    await advance(sandbox, 6)
    expect((await stateOf(sandbox, late)).status).toBe('signed')
    expect(await decide(sandbox, late, 'cancel')).toMatchObject({ status: 409, body: { code: 'too-late' } })
  })

  it('fails where the note says so, and costs nothing', async () => {
    const sandbox = await start()
    const before = await walletOf(sandbox)
    const { id } = await submit(sandbox, { note: 'sandbox:fail' })
    await advance(sandbox, 12)
    expect((await stateOf(sandbox, id)).events.map(({ status }) => status)).toEqual([...PATH.slice(0, PATH.indexOf('pushed')), 'failed'])
    expect(await walletOf(sandbox)).toEqual(before)
  })

  it('is signed with the wallet’s next nonce, whatever became of those before it', async () => {
    const sandbox = await start()
    const { id: cancelled, body } = await submit(sandbox)
    const { id: second, body: secondBody } = await submit(sandbox)
    expect([body['nonce'], secondBody['nonce']]).toEqual([0, 1])
    await decide(sandbox, cancelled, 'cancel')
    await advance(sandbox, 12)
    expect(await stateOf(sandbox, second)).toMatchObject({ status: 'confirmed', nonce: 0 })
    expect((await submit(sandbox, { nonce: 7 })).body).toMatchObject({ code: 'wrong-nonce' })
    const { id: third } = await submit(sandbox)
    const { id: asked, body: askedBody } = await submit(sandbox, { nonce: 2 })
    expect(askedBody['nonce']).toBe(2)
    await decide(sandbox, third, 'cancel')
    await advance(sandbox, 12)
    expect(await stateOf(sandbox, asked)).toMatchObject({ status: 'failed' })
  })

  it('is written into the ledgers of both wallets', async () => {
    const sandbox = await start()
    const { organisation_id: personId } = await sandbox.store
      .selectFrom('trusted_party')
      .select('organisation_id')
      .executeTakeFirstOrThrow()
    const to = await walletOf(sandbox, 'ETH-TESTNET', personId)
    const from = await walletOf(sandbox)
    const { id } = await submit(sandbox, { to: to.address, value: '123456789012345678', note: 'rent' })
    expect((await client(sandbox, 'demo-person')('GET', '/balance')).text).toContain('"pendingIn":123456789012345678')
    await advance(sandbox, 12)
    const paid = await client(sandbox)('GET', `/wallet/${from.id}/history`)
    expect((paid.body['history'] as unknown[])[0]).toMatchObject({ txID: id, asset: 'ETH-TESTNET' })
    expect(paid.text).toContain('"amount":123456789012345678,"fees":21000000000000,"netAmount":123477789012345678,')
    const got = await client(sandbox, 'demo-person')('GET', `/funds/${to.fund_id}/ledger?limit=1`)
    expect((got.body['list'] as unknown[])[0]).toMatchObject({ txID: id, type: 7, reference: 'rent', address: from.address })
    // Ledgers add up to what there is.
    for (const [name, fund] of [
      ['demo', from.fund_id],
      ['demo-person', to.fund_id],
    ] as const) {
      const rows = await sandbox.store.selectFrom('ledger_entry').selectAll().where('fund_id', '=', fund).execute()
      const sums = new Map<string, bigint>()
      for (const { wallet_id, net_amount, type } of rows)
        sums.set(wallet_id, (sums.get(wallet_id) ?? 0n) + (type % 2 === 1 ? 1n : -1n) * BigInt(net_amount))
      for (const [wallet, sum] of sums) {
        const { available } = await sandbox.store
          .selectFrom('wallet')
          .select('available')
          .where('id', '=', wallet)
          .executeTakeFirstOrThrow()
        expect([name, String(sum)]).toEqual([name, available])
      }
    }
  })

  it('keeps amounts of 78 digits, digit for digit', async () => {
    const sandbox = await start()
    const huge = `9${'1234567'.repeat(11)}`
    const { id: walletId, fund_id } = await walletOf(sandbox)
    await sandbox.store.updateTable('wallet').set({ available: huge }).where('id', '=', walletId).execute()
    const call = client(sandbox)
    expect((await call('GET', '/balance')).text).toContain(`"available":${huge},`)
    expect((await call('GET', '/funds')).text).toContain(`"available":${huge}`)
    expect((await call('GET', `/funds/${fund_id}`)).text).toContain(`"available":${huge}`)
    // Just below 2^256, which is as much as Ethereum can say.
    const value = `1${'1234567'.repeat(11)}`
    const { id, status } = await submit(sandbox, { value })
    expect([status, value.length]).toEqual([200, 78])
    await advance(sandbox, 12)
    expect(await stateOf(sandbox, id)).toMatchObject({ status: 'confirmed', value })
    expect((await call('GET', `/wallet/${walletId}/history`)).text).toContain(`"amount":${value},`)
    expect((await call('GET', `/funds/${fund_id}/ledger`)).text).toContain(`"amount":${value},`)
    expect((await walletOf(sandbox)).available).toBe(String(BigInt(huge) - BigInt(value) - 21_000_000_000_000n))
  })
})

describe('an Idempotency-Key', () => {
  it('makes the same call the same transaction, also at the same time and after a restart', async () => {
    const sandbox = await start()
    const key = { 'idempotency-key': 'order-17' }
    const answers = await Promise.all(Array.from({ length: 8 }, () => submit(sandbox, {}, key)))
    expect(new Set(answers.map(({ id, status }) => `${status} ${id}`)).size).toBe(1)
    await advance(sandbox, 3)
    const later = await submit(sandbox, {}, key)
    expect([later.id, later.body['status']]).toEqual([answers[0]?.id, 'authorized'])
    expect((await submit(sandbox, { value: '1001' }, key)).body).toMatchObject({ code: 'idempotency-key-reused' })
    expect((await submit(sandbox, {}, { 'idempotency-key': 'a b' })).body).toMatchObject({ code: 'invalid-header' })
    expect((await submit(sandbox)).id).not.toBe(later.id)
    // Another key's is another.
    const { key: other, secret } = await sandbox.service.keys.create(ACTOR, sandbox.workspaceId, { name: 'o', permissions: ['web3'] })
    const { body } = await clientOf(sandbox, other.id, secret ?? '')('POST', '/transaction', transactionOf(sandbox), key)
    expect(body['txID']).not.toBe(later.id)
  })

  it('stands for nothing where the call was refused', async () => {
    const sandbox = await start()
    const key = { 'idempotency-key': 'k' }
    expect((await submit(sandbox, { value: '9'.repeat(40) }, key)).status).toBe(409)
    expect((await submit(sandbox, {}, key)).status).toBe(200)
    await stop(sandbox)
  })
})

describe('accounts', () => {
  it('of a person and of an organisation see nothing of each other', async () => {
    const sandbox = await start()
    const [organisation, person] = [client(sandbox), client(sandbox, 'demo-person')]
    const { body } = await person('GET', '/account')
    expect(body).toEqual({
      settings: {
        id: expect.any(String) as string,
        username: 'dora',
        name: 'Dora Example',
        email: 'dora@example.org',
        defaultFiat: 'USD',
        testnetAssets: true,
        userAPIKeys: [expect.objectContaining({ name: 'demo-person' })],
      },
    })
    expect((await person('GET', '/trustedparties')).body['members']).toHaveLength(3)
    expect((await organisation('GET', '/trustedparties')).body).toMatchObject({ code: 'personal-accounts-only' })
    const own = await walletOf(sandbox)
    for (const path of [`/funds/${own.fund_id}`, `/funds/${own.fund_id}/ledger`, `/wallet/${own.id}/history`]) {
      expect((await organisation('GET', path)).status).toBe(200)
      expect((await person('GET', path)).body).toMatchObject({ code: 'not-found' })
    }
    expect((await person('POST', '/transaction', transactionOf(sandbox))).status).toBe(404)
    const { id } = await submit(sandbox)
    for (const path of ['status', 'approvals']) expect((await person('GET', `/transactions/${id}/${path}`)).status).toBe(404)
  })

  it('have funds that a key narrowed to a wallet sees only that wallet of', async () => {
    const sandbox = await start()
    const { id: walletId, fund_id } = await walletOf(sandbox)
    const { key, secret } = await sandbox.service.keys.create(ACTOR, sandbox.workspaceId, {
      name: 'n',
      permissions: ['read_only'],
      walletId,
    })
    const call = clientOf(sandbox, key.id, secret ?? '')
    const { body } = await call('GET', `/funds/${fund_id}`)
    expect((body['fundInfo'] as { wallets: unknown[] }).wallets).toEqual([expect.objectContaining({ walletID: walletId, type: 'web3' })])
    const ledger = await call('GET', `/funds/${fund_id}/ledger`)
    expect(ledger.body).toMatchObject({ total: 240, wallets: [{ walletID: walletId }] })
    const others = await walletOf(sandbox, 'MATIC-TESTNET')
    expect((await call('GET', `/wallet/${others.id}/history`)).body).toMatchObject({ code: 'permission-denied' })
    const operations = await sandbox.store.selectFrom('fund').select('id').where('name', '=', 'Operations').executeTakeFirstOrThrow()
    expect((await call('GET', `/funds/${operations.id}/ledger`)).status).toBe(404)
    // A few hundred entries, and pages of them.
    const all = await client(sandbox)('GET', `/funds/${fund_id}/ledger`)
    expect(all.body['total']).toBe(340)
    const page = await client(sandbox)('GET', `/funds/${fund_id}/ledger?limit=10&offset=335`)
    expect(page.body['list']).toEqual((all.body['list'] as unknown[]).slice(335))
  })
})
