import { createHmac } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createSigner } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { describe, expect, it } from 'vitest'
import { V1_BASE } from '../src/index.ts'
import { PATH } from '../src/transactions/lifecycle.ts'
import { ACTOR, advance, cleanUp, client, clientOf, newFolder, start, stop, time, transactionOf, walletOf } from './sandbox.ts'

cleanUp()

describe('GET /balance, /account, /funds', () => {
  it('show what the seeded organisation has', async () => {
    const call = client(await start())
    const balance = await call('GET', '/balance')
    expect(balance.status).toBe(200)
    expect(balance.text).toContain('"available":25000000000000000000,')
    const account = await call('GET', '/account')
    expect(account.body).toMatchObject({
      settings: { id: expect.any(String) as string, members: expect.any(Array) as unknown[], userAPIKeys: { number_of_keys: 4 } },
    })
    expect(account.text).not.toMatch(/secret/i)
    const funds = await call('GET', '/funds')
    const all = await call('GET', '/funds?archived=true')
    expect(Number(all.body['total'])).toBeGreaterThan(Number(funds.body['total']))
    expect(funds.body['funds']).toEqual(
      expect.arrayContaining([expect.objectContaining({ fundID: expect.any(String) as string, holdings: expect.any(Array) as unknown[] })]),
    )
    expect((await call('GET', '/funds?archived=maybe')).body).toMatchObject({ code: 'invalid-query' })
  })

  it('are refused to a key without the permission, which the refusal names', async () => {
    const call = client(await start(), 'demo-balance')
    expect((await call('GET', '/balance')).status).toBe(200)
    for (const [method, path] of [
      ['GET', '/account'],
      ['GET', '/funds'],
      ['POST', '/transaction'],
      ['GET', '/transactions/x/status'],
    ] as const) {
      const { status, body } = await call(method, path, method === 'POST' ? {} : undefined)
      expect([status, body['code']]).toEqual([403, 'permission-denied'])
      expect(body).toEqual({
        code: 'permission-denied',
        msg: 'Permission denied',
        detail: { reason: expect.stringMatching(/web3|read_only/) as string },
      })
    }
  })
})

describe('POST /transaction', () => {
  it('takes second to nanosecond timestamps, and compact, spaced and Unicode JSON', async () => {
    const sandbox = await start()
    const key = sandbox.demoKeys[0]
    const url = `${sandbox.origin}${V1_BASE}/transaction`
    const value = transactionOf(sandbox, { note: 'für 5 € 🎁' })
    const texts = [
      JSON.stringify(value),
      JSON.stringify(value, undefined, 1),
      `${JSON.stringify(value, undefined, 4)}\n`,
      JSON.stringify(value).replace(/[\u0080-\uffff]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ]
    for (const unit of ['seconds', 'milliseconds', 'microseconds', 'nanoseconds'] as const) {
      for (const text of texts) {
        const signer = createSigner(
          qredoV1,
          { keyId: key?.id ?? '', secret: readFileSync(key?.secretFile ?? '', 'utf8').trim() },
          { clock: () => time.now, timestamp: unit },
        )
        const { headers, body } = signer.sign({ method: 'POST', url, body: text })
        const response = await fetch(url, { method: 'POST', headers, body: Uint8Array.from(body ?? []) })
        expect(response.status).toBe(200)
        expect(await response.json()).toMatchObject({ status: 'created', note: 'für 5 € 🎁', value: '1000' })
      }
    }
    const { count } = await sandbox.store
      .selectFrom('web3_transaction')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow()
    expect(count).toBe(16)
  })

  it.each<[string, Record<string, unknown>, number, string]>([
    ['an address that is none', { to: '0x1' }, 400, 'invalid-body'],
    [
      'an address with a wrong checksum',
      { to: '0x5aAeb6053f3E94C9b9A09f33669435E7Ef1BeAeD'.replace('5aA', '5AA') },
      400,
      'invalid-transaction',
    ],
    ['a value that is a number', { value: 1000 }, 400, 'invalid-body'],
    ['a value with a fraction', { value: '1.5' }, 400, 'invalid-body'],
    ['a missing gas limit', { gasLimit: undefined }, 400, 'invalid-body'],
    ['no gas price at all', { gasPrice: undefined }, 400, 'invalid-body'],
    ['both kinds of gas price', { maxFeePerGas: '1', maxPriorityFeePerGas: '1' }, 400, 'invalid-body'],
    ['half of the EIP-1559 fees', { gasPrice: undefined, maxFeePerGas: '1' }, 400, 'invalid-body'],
    ['a tip above the fee', { gasPrice: undefined, maxFeePerGas: '1', maxPriorityFeePerGas: '2' }, 400, 'invalid-body'],
    ['another chain', { chainID: '1' }, 400, 'wrong-chain'],
    ['somebody else’s wallet', { from: `0x${'2'.repeat(40)}` }, 404, 'not-found'],
    ['more than there is', { value: '9'.repeat(30) }, 409, 'insufficient-funds'],
  ])('refuses %s', async (_what, more, status, code) => {
    const sandbox = await start()
    const answer = await client(sandbox)('POST', '/transaction', transactionOf(sandbox, more))
    expect([answer.status, answer.body['code']]).toEqual([status, code])
    expect(answer.body).toEqual({ code, msg: expect.any(String) as string, detail: { reason: expect.any(String) as string } })
    expect(await sandbox.store.selectFrom('web3_transaction').selectAll().execute()).toEqual([])
  })

  it('refuses what is no JSON', async () => {
    const call = client(await start())
    for (const body of ['{', '[1', '{"a":1}x', '"\u0000'])
      expect((await call('POST', '/transaction', body)).body).toMatchObject({ code: 'malformed-json' })
  })

  it('takes EIP-1559 fees, and gives each transaction the next nonce', async () => {
    const sandbox = await start()
    const call = client(sandbox)
    const first = await call(
      'POST',
      '/transaction',
      transactionOf(sandbox, { gasPrice: undefined, maxFeePerGas: '2000000000', maxPriorityFeePerGas: '1000000000' }),
    )
    expect(first.body).toMatchObject({ nonce: 0, maxFeePerGas: '2000000000', rawTX: expect.stringMatching(/^0x02/) as string })
    expect((await call('POST', '/transaction', transactionOf(sandbox))).body).toMatchObject({
      nonce: 1,
      rawTX: expect.stringMatching(/^0x[ef]/) as string,
    })
  })

  it('does not promise the same money twice', async () => {
    const sandbox = await start()
    const { available } = await walletOf(sandbox)
    const half = String((BigInt(available) * 6n) / 10n)
    const call = client(sandbox)
    expect((await call('POST', '/transaction', transactionOf(sandbox, { value: half }))).status).toBe(200)
    expect((await call('POST', '/transaction', transactionOf(sandbox, { value: half }))).body).toMatchObject({
      code: 'insufficient-funds',
    })
  })
})

describe('a transaction', () => {
  it('goes through its states, is signed, settles, and is still there after a restart in the middle', async () => {
    const directory = newFolder()
    const first = await start({ directory })
    const { address, available } = await walletOf(first)
    const created = await client(first)('POST', '/transaction', transactionOf(first))
    const id = String(created.body['txID'])
    const seen = [created.body['status']]
    for (let step = 0; step < 4; step++) {
      expect(await advance(first)).toBe(1)
      seen.push((await client(first)('GET', `/transactions/${id}/status`)).body['status'])
    }
    expect((await client(first)('GET', '/balance')).text).toContain('"pendingOut":21000000001000,')
    await stop(first)

    const second = await start({ directory })
    expect(second.demoKeys).toEqual(first.demoKeys)
    const call = client(second)
    for (let step = 0; step < 8; step++) {
      await advance(second)
      seen.push((await call('GET', `/transactions/${id}/status`)).body['status'])
    }
    expect([...new Set(seen)]).toEqual(PATH)
    const done = await call('GET', `/transactions/${id}/status`)
    const events = done.body['events'] as { status: string }[]
    expect(events.map(event => event.status)).toEqual(PATH)
    expect(Object.keys(done.body['timestamps'] as object)).toEqual(PATH)
    expect(done.body).toMatchObject({
      from: address,
      txHash: expect.stringMatching(/^0x[0-9a-f]{64}$/) as string,
      signedTx: expect.stringMatching(/^0x/) as string,
    })
    expect((await walletOf(second)).available).toBe(String(BigInt(available) - 21000000001000n))
    expect(await second.engine.advance()).toBe(0)
  })

  it('of another account, or of nobody, is not found', async () => {
    const sandbox = await start()
    const id = String((await client(sandbox)('POST', '/transaction', transactionOf(sandbox))).body['txID'])
    await sandbox.store
      .insertInto('organisation')
      .values({
        id: 'other',
        kind: 'organisation',
        name: 'Other',
        email: 'o@example.com',
        domain: 'example.com',
        address: '',
        username: '',
      })
      .execute()
    await sandbox.service.administrators.createOrganisation(ACTOR, { id: 'other', name: 'Other', kind: 'organisation' })
    const made = await sandbox.service.keys.create(ACTOR, 'other', { name: 'other', permissions: ['web3', 'read_only'] })
    const other = clientOf(sandbox, made.key.id, made.secret ?? '')
    for (const path of [`/transactions/${id}/status`, '/transactions/nobody/status'])
      expect((await other('GET', path)).body).toMatchObject({ code: 'not-found' })
    expect((await other('POST', '/transaction', transactionOf(sandbox))).body).toMatchObject({ code: 'not-found' })
    expect((await other('GET', '/balance')).body).toEqual({ assets: {} })
  })
})

describe('keys', () => {
  it('lie sealed, with their master key and secrets in files that only their owner can read', async () => {
    const directory = newFolder()
    const sandbox = await start({ directory })
    for (const file of ['master.key', 'wallet.key', 'admin.token', 'keys.db', 'demo.secret', 'demo-balance.secret'])
      expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600)
    const secret = readFileSync(join(directory, 'demo.secret'), 'utf8').trim()
    const bytes = Buffer.from(secret, 'base64')
    expect(bytes).toHaveLength(60)
    await stop(sandbox)
    for (const file of ['sandbox.db', 'sandbox.db-wal', 'keys.db', 'keys.db-wal']) {
      if (!existsSync(join(directory, file))) continue
      const stored = readFileSync(join(directory, file))
      for (const form of [secret, bytes.toString('base64url'), bytes.toString('hex'), bytes]) expect(stored.includes(form)).toBe(false)
    }
  })

  it('are refused from the moment they are revoked, or have expired', async () => {
    const sandbox = await start()
    const organisationId = sandbox.workspaceId
    const { keys } = sandbox.service
    const revoked = await keys.create(ACTOR, organisationId, { name: 'r', permissions: ['balance'] })
    const call = clientOf(sandbox, revoked.key.id, revoked.secret ?? '')
    expect((await call('GET', '/balance')).status).toBe(200)
    await keys.setState(ACTOR, organisationId, revoked.key.id, 'revoked')
    expect((await call('GET', '/balance')).body).toMatchObject({ code: 'key-revoked' })
    const expired = await keys.create(ACTOR, organisationId, {
      name: 'e',
      permissions: ['balance'],
      expiresAt: new Date(time.now).toISOString(),
    })
    expect((await clientOf(sandbox, expired.key.id, expired.secret ?? '')('GET', '/balance')).body).toMatchObject({ code: 'key-expired' })
  })
})

describe('key management', () => {
  it('is where the API is, in the v1 form and in the fuller one', async () => {
    const sandbox = await start()
    const token = readFileSync(sandbox.adminTokenFile, 'utf8').trim()
    const admin = async (method: string, path: string, body?: unknown) => {
      const headers = { authorization: `Bearer ${token}` }
      const response = await fetch(sandbox.origin + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return (await response.json()) as Record<string, unknown>
    }
    const made = await admin('POST', '/api/v1/apikey', { name: 'mine', permissions: { balance: true } })
    const call = clientOf(sandbox, String(made['id']), String(made['secret']))
    expect((await call('GET', '/balance')).status).toBe(200)
    expect((await call('GET', '/account')).body).toMatchObject({
      code: 'permission-denied',
      detail: { reason: expect.stringContaining('read_only') },
    })
    await admin('PUT', `/api/v1/apikey/${made['id']}`, { permissions: { read_only: true } })
    expect((await call('GET', '/account')).status).toBe(200)
    expect(await admin('DELETE', `/api/v1/apikey/${made['id']}`)).toMatchObject({ id: made['id'] })
    expect((await call('GET', '/balance')).body).toMatchObject({ code: 'key-revoked' })
    expect(await admin('GET', `/admin/v1/keys/${made['id']}`)).toMatchObject({ state: 'revoked' })
    expect((await fetch(`${sandbox.origin}/api/v1/apikey`)).status).toBe(401)
  })

  it('narrows a key to one fund or wallet, for everything it calls', async () => {
    const sandbox = await start()
    const organisationId = sandbox.workspaceId
    const eth = await walletOf(sandbox)
    const archived = await sandbox.store.selectFrom('fund').select('id').where('archived', '=', 1).executeTakeFirstOrThrow()
    const narrowed = async (narrowing: { fundId?: string; walletId?: string }) => {
      const { key, secret } = await sandbox.service.keys.create(ACTOR, organisationId, {
        name: 'n',
        permissions: ['web3', 'read_only'],
        ...narrowing,
      })
      return clientOf(sandbox, key.id, secret ?? '')
    }
    const ofWallet = await narrowed({ walletId: eth.id })
    expect(Object.keys((await ofWallet('GET', '/balance')).body['assets'] as object)).toEqual(['ETH-TESTNET'])
    expect((await ofWallet('GET', '/funds')).body['total']).toBe(1)
    expect((await ofWallet('POST', '/transaction', transactionOf(sandbox))).status).toBe(200)
    const ofFund = await narrowed({ fundId: archived.id })
    expect((await ofFund('GET', '/balance')).body).toEqual({ assets: {} })
    expect((await ofFund('GET', '/funds?archived=true')).body).toMatchObject({ total: 1, funds: [{ fundID: archived.id }] })
    const id = String((await client(sandbox)('POST', '/transaction', transactionOf(sandbox))).body['txID'])
    expect((await ofFund('GET', `/transactions/${id}/status`)).status).toBe(404)
    expect((await ofFund('POST', '/transaction', transactionOf(sandbox))).status).toBe(404)
  })

  it('shows the owner what was refused, and what explains it', async () => {
    const sandbox = await start()
    const [demo] = sandbox.demoKeys
    const url = `${sandbox.origin}${V1_BASE}/balance`
    // The path alone was signed, and not the URL.
    const secret = readFileSync(demo?.secretFile ?? '', 'utf8').trim()
    const timestamp = String(time.now * 1_000_000)
    const signature = createHmac('sha256', Buffer.from(secret, 'base64')).update(`${timestamp}GET${V1_BASE}/balance`).digest('base64url')
    const headers = { 'qredo-api-key': demo?.id ?? '', 'qredo-api-ts': timestamp, 'qredo-api-sig': signature }
    expect((await fetch(url, { headers })).status).toBe(401)
    const token = readFileSync(sandbox.adminTokenFile, 'utf8').trim()
    await expect
      .poll(async () => {
        // What explains a refusal comes with the entry of the next minute.
        time.now += 60_001
        await sandbox.service.refusals.flush()
        const response = await fetch(`${sandbox.origin}/admin/v1/keys/${demo?.id}/usage`, { headers: { authorization: `Bearer ${token}` } })
        return (await response.json()) as unknown
      })
      .toMatchObject({
        refusals: expect.arrayContaining([
          expect.objectContaining({ causes: [expect.objectContaining({ code: 'message-target-for-url' })] }),
        ]),
      })
  })
})

describe('errors', () => {
  it('of the verifier have the documented shape, and the server goes on', async () => {
    const sandbox = await start()
    const url = `${sandbox.origin}${V1_BASE}/balance`
    const response = await fetch(url)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Countersign scheme="qredo-v1"')
    expect(await response.json()).toEqual({
      code: 'missing-header',
      msg: 'Missing header',
      detail: { reason: expect.stringContaining('qredo-api-key') as string },
    })
    expect(await (await fetch(`${sandbox.origin}/elsewhere`)).json()).toMatchObject({ code: 'not-found' })
    const stale = createSigner(qredoV1, { keyId: 'k', secret: Buffer.alloc(60) }).sign({ method: 'GET', url, timestamp: '1000000000' })
    expect(await (await fetch(url, { headers: stale.headers })).json()).toMatchObject({
      code: 'timestamp-out-of-window',
      detail: { serverTime: new Date(time.now).toISOString() },
    })
    expect((await client(sandbox)('GET', '/balance')).status).toBe(200)
  })
})
