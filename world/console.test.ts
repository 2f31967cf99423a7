import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningServer, startServer } from '@countersign/server'
import { createSigner, createVerifier } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { consoleDirectory } from '../packages/ui/src/server/console-directory.ts'
import { chromiumPath } from './chromium-path.ts'

const PERMISSIONS = ['Balance', 'Web3', 'Read-only'].map(title => ({
  name: title.toLowerCase().replace('-', '_'),
  title,
  description: `${title}, and nothing else.`,
  opens: [],
}))
const ACTOR = { name: 'test', address: '' }

describe.skipIf(chromiumPath === undefined)('the console in Chromium (needs Chromium)', () => {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-console-'))
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let server: RunningServer
  let token = ''
  let secrets: string[] = []
  let requests: string[] = []
  let said: string[] = []
  let addresses: string[] = []

  beforeAll(async () => {
    const showFirstToken = (shown: string): void => {
      token = shown
    }
    const usedSchemes = ['qredo-v1', 'rfc9421']
    const store = join(directory, 'keys.db')
    server = await startServer({ store, consoleDirectory, permissions: PERMISSIONS, usedSchemes, showFirstToken })
    browser = await chromium.launch({ executablePath: chromiumPath ?? '', args: ['--no-sandbox'] })
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    rmSync(directory, { recursive: true, force: true })
  })

  beforeEach(async () => {
    context = await browser.newContext({ acceptDownloads: true, permissions: ['clipboard-read', 'clipboard-write'] })
    page = await context.newPage()
    secrets = []
    requests = []
    said = []
    addresses = []
    page.on('framenavigated', frame => addresses.push(frame.url()))
    page.on('request', request => requests.push(`${request.method()} ${request.url()} ${request.postData() ?? ''}`))
    page.on('console', message => {
      // A refusal that the page shows is no surprise; the browser writes each down.
      if (!/Failed to load resource: .* 40[0134]/.test(message.text())) said.push(message.text())
    })
    page.on('pageerror', error => said.push(String(error)))
    await page.goto(server.origin)
  })

  afterEach(async () => {
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie)).toBe('{}')
    for (const secret of [...secrets, token]) expect([...requests, ...said, ...addresses].join('\n')).not.toContain(secret)
    expect(said).toEqual([])
    expect(requests.filter(line => !line.includes(` ${server.origin}/`) && !line.includes(' blob:'))).toEqual([])
    await context.close()
  })

  async function signIn(own = token): Promise<void> {
    await page.getByLabel("Administrator's token", { exact: true }).fill(own)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Countersign keys' }).waitFor()
    await page.getByRole('tab', { name: 'Keys' }).waitFor()
  }

  const shown = (label: string) => page.getByRole('region', { name: label, exact: true }).locator('pre').textContent()

  async function makeKey(name: string): Promise<{ id: string; secret: string }> {
    await page.getByRole('link', { name: 'New key' }).click()
    await page.getByLabel('Name', { exact: true }).fill(name)
    await page.getByRole('button', { name: 'Create the key' }).click()
    const [id, secret] = [(await shown('API key')) ?? '', (await shown('Secret')) ?? '']
    secrets.push(secret)
    return { id, secret }
  }

  async function verify(id: string, secret: string, permission?: string): Promise<string> {
    const verifier = createVerifier(qredoV1, { origin: 'https://a.example', keys: server.service.source, replay: 'off' })
    const { headers } = createSigner(qredoV1, { keyId: id, secret }).sign({ method: 'GET', url: 'https://a.example/' })
    const result = await verifier.verify({ method: 'GET', target: '/', headers }, { permission })
    return result.ok ? 'ok' : result.failure.code
  }

  it('lets nobody in without a token, and says what is wrong beside the field', async () => {
    await page.getByLabel("Administrator's token", { exact: true }).fill('csa_wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect.poll(() => page.locator('#token-note').textContent()).toContain('not right')
    await signIn()
    const [cookie] = await context.cookies()
    expect(cookie).toMatchObject({ name: 'countersign_session', httpOnly: true, sameSite: 'Strict' })
    await page.reload()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await page.reload()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
  })

  it('makes a key, shows its secret once, and hands it out as a profile', async () => {
    await signIn()
    await page.getByRole('link', { name: 'New key' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Trading desk')
    await page.getByRole('switch', { name: /^Balance/ }).check()
    await page.getByRole('button', { name: 'Create the key' }).click()
    const [id, secret] = [(await shown('API key')) ?? '', (await shown('Secret')) ?? '']
    secrets.push(secret)
    expect(await verify(id, secret, 'balance')).toBe('ok')
    expect(await verify(id, secret, 'web3')).toBe('permission-denied')
    await page.getByRole('button', { name: 'Copy Secret' }).click()
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(secret)
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download as profile' }).click()])
    expect(download.suggestedFilename()).toBe('Trading-desk.json')
    expect(JSON.parse(readFileSync(await download.path(), 'utf8'))).toEqual({ scheme: 'qredo-v1', apiKey: id, secret })
    await page.getByRole('button', { name: 'I have it' }).click()
    expect(await page.content()).not.toContain(secret)
    await page.reload()
    await page.getByRole('link', { name: 'Trading desk' }).click()
    await page.getByRole('region', { name: 'Key Trading desk' }).waitFor()
    expect(await page.content()).not.toContain(secret)
  })

  const save = () => page.getByRole('button', { name: 'Save the changes' })

  it('switches permissions on and off, and saves what was switched', async () => {
    await signIn()
    const { id, secret } = await makeKey('Switched')
    const web3 = page.getByRole('switch', { name: /^Web3/ })
    const saved = page.getByText('The changes are saved.')
    expect(await save().isDisabled()).toBe(true)
    await web3.check()
    expect(await verify(id, secret, 'web3')).toBe('permission-denied')
    await page.getByRole('button', { name: 'Undo' }).click()
    expect([await web3.isChecked(), await save().isDisabled()]).toEqual([false, true])
    await web3.check()
    await save().click()
    await saved.waitFor()
    expect(await verify(id, secret, 'web3')).toBe('ok')
    await web3.uncheck()
    expect(await verify(id, secret, 'web3')).toBe('ok')
    await save().click()
    await expect.poll(() => verify(id, secret, 'web3')).toBe('permission-denied')
  })

  it('changes all that can be changed of a key, and only what was changed', async () => {
    const { key } = await makeOrganisation('Changed')
    const read = () => server.service.keys.get(undefined, key.id)
    await signIn()
    await page.goto(`${server.origin}/console/#/keys/${key.id}`)
    await page.getByText('Name, addresses, expiry and labels').click()
    const form = page.getByRole('form', { name: 'What Key of Changed may do' })
    await form.getByLabel('Name', { exact: true }).fill('')
    expect(await save().isDisabled()).toBe(true)
    await form.getByLabel('Name', { exact: true }).fill('Changed key')
    await form.getByLabel('Addresses').fill('10.0.0.0/8, 192.0.2.1')
    await form.getByLabel('Fund').fill('fund-1')
    await form.getByLabel('Expires').fill('2090-01-02T03:04')
    await form.getByLabel('Labels').fill('team')
    await save().click()
    await form.getByRole('alert').getByText('Labels: write team as name=value.').waitFor()
    await form.getByLabel('Labels').fill('team=blue')
    await server.service.keys.update(ACTOR, undefined, key.id, { permissions: ['balance'] })
    await save().click()
    await page.getByText('The changes are saved.').waitFor()
    expect(await read()).toMatchObject({
      name: 'Changed key',
      addresses: ['10.0.0.0/8', '192.0.2.1'],
      fundId: 'fund-1',
      walletId: '',
      labels: { team: 'blue' },
      expiresAt: new Date('2090-01-02T03:04').toISOString(),
      permissions: ['balance'],
    })
    await link('Changed key').waitFor()
    const changed = page.getByRole('form', { name: 'What Changed key may do' })
    await changed.getByLabel('Addresses').fill('10.0.0.0/33')
    await save().click()
    await changed.getByRole('alert').waitFor()
    await changed.getByLabel('Addresses').fill('')
    await changed.getByLabel('Expires').fill('')
    await save().click()
    await expect.poll(async () => (await read()).addresses).toEqual([])
    expect(await read()).toMatchObject({ expiresAt: null, name: 'Changed key', fundId: 'fund-1' })
  })

  it('ends two secrets that are both in use at once, after a question', async () => {
    await signIn()
    const { id, secret: first } = await makeKey('Leaked')
    const { keys, lastUsed } = server.service
    const rotated = await keys.rotate(ACTOR, undefined, id, { overlapSeconds: 3600 })
    const second = rotated.secret ?? ''
    secrets.push(second)
    for (const { id: one } of rotated.key.secrets) lastUsed.used(id, 'qredo-v1', one)
    await lastUsed.flush()
    await page.getByRole('button', { name: 'I have it' }).click()
    await page.reload()
    const rotate = page.getByRole('button', { name: 'Rotate', exact: true })
    await page.getByText('Both are in use, so a rotation ends both.').waitFor()
    await rotate.click()
    await question().getByText('Both secrets of Leaked will end at once').waitFor()
    await question().getByRole('button', { name: 'Keep as it is' }).click()
    expect([await verify(id, first), await verify(id, second)]).toEqual(['ok', 'ok'])
    await rotate.click()
    await question().getByRole('button', { name: 'Rotate now' }).click()
    const third = (await shown('Secret')) ?? ''
    secrets.push(third)
    expect([await verify(id, first), await verify(id, second), await verify(id, third)]).toEqual(['bad-signature', 'bad-signature', 'ok'])
  })

  it('rotates, counts the old secret down, and revokes when one is sure', async () => {
    await signIn()
    const { id, secret: old } = await makeKey('Rotated')
    await page.getByRole('button', { name: 'I have it' }).click()
    await page.getByLabel('The old secret stays good for').selectOption('an hour')
    await page.getByRole('button', { name: 'Rotate', exact: true }).click()
    const secret = (await shown('Secret')) ?? ''
    secrets.push(secret)
    expect(secret).not.toBe(old)
    expect([await verify(id, old), await verify(id, secret)]).toEqual(['ok', 'ok'])
    const timer = page.getByRole('timer')
    const first = await timer.textContent()
    expect(first).toMatch(/^(1 h 0 min 0 s|59 min \d+ s)$/)
    await expect.poll(() => timer.textContent(), { timeout: 5000 }).not.toBe(first)
    await page.getByRole('button', { name: 'Disable' }).click()
    await page.getByText('refused until it is enabled').waitFor()
    expect(await verify(id, secret)).toBe('key-disabled')
    await page.getByRole('button', { name: 'Enable' }).click()
    await page.getByRole('button', { name: 'Revoke…' }).click()
    await page.getByRole('button', { name: 'Keep it' }).click()
    expect(await verify(id, secret)).toBe('ok')
    await page.getByRole('button', { name: 'Revoke…' }).click()
    await page.getByRole('button', { name: 'Revoke for good' }).click()
    await page.getByText('The key is revoked.').waitFor()
    expect(await verify(id, secret)).toBe('key-revoked')
  })

  it('shows why requests of a key were refused, and what explains it', async () => {
    await signIn()
    const { id } = await makeKey('Refused')
    const { refusals } = server.service
    const failure = { code: 'bad-signature', keyId: id } as const
    refusals.refused({ failure, request: { method: 'POST', target: '/transaction?x=1', headers: {}, address: '203.0.113.9' } })
    refusals.explained(id, failure, [
      { code: 'body-json-dumps', did: 'It signed JSON with spaces.', fix: 'Sign the very bytes that are sent.' },
    ])
    await refusals.flush()
    await page.getByRole('button', { name: 'Refresh' }).click()
    const region = page.getByRole('region', { name: 'Recent refusals' })
    await region.getByText('It signed JSON with spaces.').waitFor()
    expect(await region.textContent()).toMatch(/bad-signature.*POST \/transaction from 203\.0\.113\.9/)
  })

  it('shows how often a key was used and refused, by day', async () => {
    await signIn()
    const { id } = await makeKey('Used')
    const usage = page.getByRole('region', { name: 'Usage' })
    await usage.getByText('0 calls and 0 refusals in 30 days').waitFor()
    const { days, refusals } = server.service
    for (let count = 0; count < 1200; count++) days.used(id, 'a-secret')
    refusals.refused({ failure: { code: 'replayed', keyId: id }, request: { method: 'GET', target: '/x', headers: {} } })
    await days.flush()
    await page.getByRole('button', { name: 'Refresh' }).click()
    await usage.getByText('1,200 calls and 1 refusal in 30 days').waitFor()
    const heights = await usage.locator('rect.calls, rect.refused').evaluateAll(bars => bars.map(bar => Number(bar.getAttribute('height'))))
    expect(heights.filter(height => height > 0)).toEqual([58, 2])
    await usage.getByText('As a table').click()
    expect(await usage.locator('tbody tr').allTextContents()).toEqual([`${new Date().toISOString().slice(0, 10)}1,2001`])
  })

  it('rotates a public key with an overlap, and takes no private key', async () => {
    const [organisation] = await server.service.administrators.organisations(undefined)
    const pairs = [0, 1].map(() => generateKeyPairSync('ed25519'))
    const [old = '', newer = ''] = pairs.map(({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' }).toString())
    const given = { name: 'Paired', scheme: 'rfc9421', publicKey: old }
    const { key } = await server.service.keys.create(ACTOR, organisation?.id ?? '', given)
    await signIn()
    await page.getByLabel('Search').fill('Paired')
    await page.getByRole('link', { name: 'Paired', exact: true }).click()
    const form = page.getByRole('form', { name: 'Rotate the public key' })
    const lost = pairs[1]?.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() ?? ''
    await form.getByLabel('New public key').fill(lost)
    await form.getByRole('button', { name: 'Rotate' }).click()
    await expect.poll(() => form.locator('#new-public-key-note').textContent()).toContain('This is a private key')
    await form.getByLabel('New public key').fill(newer)
    await form.getByLabel('The old public key stays good for').selectOption('a week')
    await form.getByRole('button', { name: 'Rotate' }).click()
    await page.getByText('The new public key is good from now on.').waitFor()
    await form.getByText('Two public keys are good.').waitFor()
    const rotated = await server.service.keys.get(undefined, key.id)
    expect(rotated.publicKey).toBe(newer)
    expect(rotated.publicKeys.map(({ expiresAt }) => expiresAt === null)).toEqual([true, false])
    await page.getByText('two public keys', { exact: true }).waitFor()
  })

  it('sets the ceilings of an organisation, and says which keys are above them', async () => {
    const { administrators, keys } = server.service
    const { id: organisation } = await administrators.createOrganisation(ACTOR, { name: 'Bounded', kind: 'organisation' })
    const { key } = await keys.create(ACTOR, organisation, { name: 'Above', permissions: ['web3'] })
    const ceilings = async () => (await administrators.organisations(organisation))[0]?.ceilings
    await signIn()
    await page.getByRole('tab', { name: 'Organisations' }).click()
    await page.getByRole('link', { name: 'Bounded' }).click()
    const form = page.getByRole('form', { name: 'Ceilings of Bounded' })
    await form.getByLabel('Limit permissions').check()
    await form.getByRole('switch', { name: /^Balance/ }).check()
    await form.getByLabel('Limit schemes').check()
    await form.getByRole('switch', { name: /qredo-v1/ }).check()
    await form.getByLabel('Keys at most').fill('many')
    await form.getByRole('button', { name: 'Set the ceilings' }).click()
    await form.getByText('Keys at most: give a whole number').waitFor()
    expect(await ceilings()).toEqual({})
    await form.getByLabel('Keys at most').fill('2')
    await form.getByRole('button', { name: 'Set the ceilings' }).click()
    await form.getByText('The ceilings are set.').waitFor()
    const above = form.getByRole('region', { name: 'Keys above a ceiling' })
    await above.getByText('One key is above a ceiling already.').waitFor()
    expect(await above.getByRole('listitem').allTextContents()).toEqual(['Above: permissions web3'])
    expect(await above.getByRole('link', { name: 'Above' }).getAttribute('href')).toBe(`#/keys/${key.id}`)
    expect(await ceilings()).toEqual({ permissions: ['balance'], schemes: ['qredo-v1'], maxKeys: 2 })
    await page.getByText('permissions: balance; schemes: qredo-v1; 2 keys').waitFor()
    // What stands there is what is set, and what is put off is lifted.
    await page.reload()
    await page.getByRole('tab', { name: 'Organisations' }).click()
    await page.getByRole('link', { name: 'Bounded' }).click()
    await form.getByLabel('Limit permissions').uncheck()
    await form.getByLabel('Limit addresses').check()
    await form.getByLabel('Addresses', { exact: true }).fill('10.0.0.0/33')
    await form.getByRole('button', { name: 'Set the ceilings' }).click()
    await form.getByRole('alert').waitFor()
    await form.getByLabel('Addresses', { exact: true }).fill('10.0.0.0/8, 2001:db8::/32')
    await form.getByRole('button', { name: 'Set the ceilings' }).click()
    await form.getByText('The ceilings are set.').waitFor()
    expect(await ceilings()).toEqual({ schemes: ['qredo-v1'], addresses: ['10.0.0.0/8', '2001:db8::/32'], maxKeys: 2 })
  })

  it('makes an administrator whose token ends, shows it once, and disables the administrator', async () => {
    const { administrators } = server.service
    await signIn()
    await page.getByRole('tab', { name: 'Administrators' }).click()
    await page.getByRole('link', { name: 'New administrator' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Wendy')
    await page.getByLabel('Role').selectOption('auditor')
    await page.getByLabel('The token ends').selectOption('in a week')
    await page.getByRole('button', { name: 'Create the administrator' }).click()
    const own = (await shown('Token')) ?? ''
    secrets.push(own)
    const made = await administrators.authenticate(own)
    expect(made).toMatchObject({ name: 'Wendy', role: 'auditor' })
    const view = async () => (await administrators.list(undefined)).find(({ id }) => id === made?.id)
    const days = (Date.parse((await view())?.expiresAt ?? '') - Date.now()) / 86_400_000
    expect(days > 6.9 && days <= 7).toBe(true)
    await page.getByRole('button', { name: 'I have it' }).click()
    expect(await page.content()).not.toContain(own)
    await page.getByRole('button', { name: 'Disable…' }).click()
    expect(await administrators.authenticate(own)).toBeDefined()
    await page.getByRole('button', { name: 'Disable Wendy for good' }).click()
    await expect.poll(() => administrators.authenticate(own)).toBeUndefined()
    const row = page.getByRole('region', { name: 'List of administrators' }).locator('tbody tr', { hasText: 'Wendy' })
    await expect.poll(() => row.locator('.state').textContent()).toBe('disabled')
  })

  it('searches, filters, goes on to the next page, and shows the audit log', async () => {
    const [organisation] = await server.service.administrators.organisations(undefined)
    for (let count = 0; count < 60; count++) await server.service.keys.create(ACTOR, organisation?.id ?? '', { name: `Many ${count}` })
    await signIn()
    const rows = page.getByRole('region', { name: 'List of keys' }).locator('tbody tr')
    await page.getByLabel('Search').fill('many')
    await expect.poll(() => rows.count()).toBe(50)
    await page.getByRole('button', { name: 'More' }).click()
    await expect.poll(() => rows.count()).toBe(60)
    await page.getByLabel('Search').fill('many 59')
    await expect.poll(() => rows.count()).toBe(1)
    await page.getByLabel('State').selectOption('revoked')
    await page.getByText('No matching keys.').waitFor()
    await page.getByRole('tab', { name: 'Audit' }).click()
    const log = page.getByRole('region', { name: 'Audit log' })
    await log.getByText('key.create').first().waitFor()
    expect(await log.locator('tbody tr').count()).toBe(50)
  })

  it('has in the audit log the very second, and each detail by its name', async () => {
    const { key } = await makeOrganisation('Audited')
    await server.service.keys.update(ACTOR, undefined, key.id, { addresses: ['10.0.0.0/8', '192.0.2.1'], labels: { team: 'blue' } })
    await signIn()
    await page.goto(`${server.origin}/console/#/audit?about=${key.id}`)
    const rows = page.getByRole('region', { name: 'Audit log' }).locator('tbody tr')
    await expect.poll(() => rows.count()).toBe(2)
    const update = rows.filter({ hasText: 'key.update' })
    expect(await update.locator('td[data-title="When"]').textContent()).toMatch(/\d:\d\d:\d\d.* (UTC|GMT|[A-Z]{3,4})/)
    const detail = update.locator('td[data-title="Details"]')
    expect(await detail.textContent()).toMatch(/addresses before none *after 10\.0\.0\.0\/8, 192\.0\.2\.1/)
    expect(await detail.textContent()).toContain('team blue')
    expect(await detail.textContent()).not.toMatch(/[{}[\]"]/)
  })

  it('shows an auditor everything, and nothing to change it with', async () => {
    const [organisation] = await server.service.administrators.organisations(undefined)
    const { token: own } = await server.service.administrators.create(ACTOR, undefined, {
      name: 'Audrey',
      role: 'auditor',
      organisationId: organisation?.id,
    })
    await signIn(own)
    await page.getByRole('link', { name: 'Many 59', exact: true }).click()
    await page.getByRole('region', { name: 'Key Many 59' }).waitFor()
    expect(await page.getByRole('switch', { name: /^Balance/ }).isDisabled()).toBe(true)
    for (const name of ['Rotate', 'Revoke…', 'Disable']) expect(await page.getByRole('button', { name }).count()).toBe(0)
    expect(await page.getByRole('link', { name: 'New key' }).count()).toBe(0)
    await page.goto(`${server.origin}/console/#/keys?new`)
    await page.waitForLoadState('networkidle')
    await page.getByRole('region', { name: 'List of keys' }).waitFor()
    expect(await page.getByRole('form', { name: 'New key' }).count()).toBe(0)
    await page.getByRole('tab', { name: 'Organisations' }).click()
    await page.getByRole('link', { name: organisation?.name ?? '' }).click()
    expect(await page.getByLabel('Keys at most').isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: 'Set the ceilings' }).count()).toBe(0)
    await page.getByRole('tab', { name: 'Administrators' }).click()
    await page.getByText('Audrey').first().waitFor()
    expect(await page.getByRole('link', { name: 'New administrator' }).count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Disable' }).count()).toBe(0)
    // The token is one's own.
    await page.getByRole('link', { name: 'Renew my token' }).click()
    const form = page.getByRole('form', { name: 'Renew my token' })
    await form.getByLabel('Your token as it is now', { exact: true }).fill('csa_wrong')
    await form.getByRole('button', { name: 'Renew' }).click()
    await expect.poll(() => form.locator('#current-token-note').textContent()).toContain('not right')
    await form.getByLabel('Your token as it is now', { exact: true }).fill(own)
    await form.getByRole('button', { name: 'Renew' }).click()
    const renewed = (await shown('Token')) ?? ''
    secrets.push(renewed)
    expect(renewed).not.toBe(own)
    expect(await server.service.administrators.authenticate(renewed)).toMatchObject({ name: 'Audrey' })
  })

  /** An organisation with a key and an administrator of its own. */
  async function makeOrganisation(name: string) {
    const { administrators, keys } = server.service
    const { id: organisationId } = await administrators.createOrganisation(ACTOR, { name, kind: 'organisation' })
    const { key } = await keys.create(ACTOR, organisationId, { name: `Key of ${name}`, permissions: ['balance', 'web3'] })
    const { administrator } = await administrators.create(ACTOR, undefined, { name: `Admin of ${name}`, role: 'admin', organisationId })
    return { organisationId, key, administratorId: administrator.id }
  }

  const link = (name: string) => page.getByRole('link', { name, exact: true })
  const hash = (): string => new URL(page.url()).hash
  const question = () => page.getByRole('dialog', { name: 'Are you sure?' })

  it('has an address for each view and for what is open in it: reload, Back and a link lead there', async () => {
    const { organisationId, key, administratorId } = await makeOrganisation('Addressed')
    await signIn()
    const places = [
      ['Keys', 'Key of Addressed', `#/keys/${key.id}`, 'Key Key of Addressed'],
      ['Organisations', 'Addressed', `#/organisations/${organisationId}`, 'Ceilings of Addressed'],
      ['Administrators', 'Admin of Addressed', `#/administrators/${administratorId}`, 'Administrator Admin of Addressed'],
    ] as const
    for (const [view, name, address, label] of places) {
      await page.getByRole('tab', { name: view }).click()
      expect(hash()).toBe(`#/${view.toLowerCase()}`)
      await link(name).click()
      const details = page.locator(`[aria-label="${label}"]`)
      await details.waitFor()
      expect(hash()).toBe(address)
      await page.reload()
      await details.waitFor()
      expect(hash()).toBe(address)
      const other = await context.newPage()
      await other.goto(`${server.origin}/console/${address}`)
      await other.locator(`[aria-label="${label}"]`).waitFor()
      await other.close()
      await page.goBack()
      await details.waitFor({ state: 'detached' })
      expect(hash()).toBe(`#/${view.toLowerCase()}`)
      await page.goForward()
      await details.waitFor()
    }
    for (const [, , , label] of [...places].reverse()) {
      await page.locator(`[aria-label="${label}"]`).waitFor()
      await page.goBack()
      await page.goBack()
    }
    await page.goto(`${server.origin}/console/#/audit`)
    await page.getByRole('region', { name: 'Audit log' }).waitFor()
    for (const [address, said] of [
      ['#/keys/csk_nothing', 'There is no key csk_nothing'],
      ['#/organisations/nothing', 'There is no organisation nothing.'],
      ['#/administrators/nothing', 'There is no administrator nothing.'],
    ] as const) {
      await page.goto(`${server.origin}/console/${address}`)
      await page.getByRole('alert').getByText(said).waitFor()
    }
  })

  it('keeps in the address what a list is narrowed to: reload, Back and a link lead to the same', async () => {
    const { key } = await makeOrganisation('Sought')
    await signIn()
    const rows = page.getByRole('region', { name: 'List of keys' }).locator('tbody tr')
    await page.getByLabel('Search').fill('Key of Sought')
    await page.getByLabel('State').selectOption('active')
    await expect.poll(() => rows.count()).toBe(1)
    await link('Key of Sought').click()
    const address = `#/keys/${key.id}?search=Key+of+Sought&state=active`
    expect(hash()).toBe(address)
    await page.reload()
    await page.getByRole('region', { name: 'Key Key of Sought' }).waitFor()
    expect([hash(), await page.getByLabel('Search').inputValue(), await page.getByLabel('State').inputValue()]).toEqual([
      address,
      'Key of Sought',
      'active',
    ])
    await expect.poll(() => rows.count()).toBe(1)
    await page.getByRole('tab', { name: 'Audit' }).click()
    const log = page.getByRole('region', { name: 'Audit log' })
    await log.getByRole('button', { name: key.id }).first().click()
    await expect.poll(hash).toBe(`#/audit?about=${key.id}`)
    await expect.poll(() => log.locator('tbody tr').count()).toBe(1)
    await expect.poll(() => page.title()).toBe(`${key.id} · Audit · Countersign keys`)
    await page.goBack()
    await expect.poll(hash).toBe('#/audit')
    expect(await page.getByLabel('Only about').inputValue()).toBe('')
    await page.goto(`${server.origin}/console/#/keys?state=revoked&search=nothing`)
    await page.getByText('No matching keys.').waitFor()
    expect(await page.getByLabel('State').inputValue()).toBe('revoked')
  })

  it('calls each page by what is open in it', async () => {
    const { organisationId, key } = await makeOrganisation('Titled')
    await expect.poll(() => page.title()).toBe('Sign in · Countersign keys')
    await signIn()
    for (const [address, title] of [
      ['#/keys', 'Keys'],
      ['#/keys?new', 'New key · Keys'],
      [`#/keys/${key.id}`, 'Key of Titled · Keys'],
      [`#/organisations/${organisationId}`, 'Titled · Organisations'],
      ['#/administrators?new', 'New administrator · Administrators'],
      ['#/audit', 'Audit'],
    ] as const) {
      await page.goto(`${server.origin}/console/${address}`)
      await expect.poll(() => page.title()).toBe(`${title} · Countersign keys`)
    }
  })

  it('takes a question back when what it is about is no longer open', async () => {
    const { administrators, keys } = server.service
    const { organisationId, key } = await makeOrganisation('Asked')
    await administrators.setCeilings(ACTOR, organisationId, { permissions: ['balance'] })
    await signIn()
    for (const [elsewhere, region] of [
      ['#/keys?new', 'New key'],
      ['#/administrators', 'Administrators'],
    ] as const) {
      const questions = [
        () => page.getByRole('button', { name: 'Revoke…' }).click(),
        async () => {
          await page.getByRole('switch', { name: /^Web3/ }).click()
          await save().click()
        },
      ]
      for (const ask of questions) {
        await page.goto(`${server.origin}/console/${elsewhere}`)
        await page.locator(`[aria-label="${region}"]`).first().waitFor()
        await page.goto(`${server.origin}/console/#/keys/${key.id}`)
        await page.getByRole('region', { name: 'Key Key of Asked' }).waitFor()
        await ask()
        await question().getByText('Key of Asked').waitFor()
        await page.goBack()
        await page.locator(`[aria-label="${region}"]`).first().waitFor()
        await question().waitFor({ state: 'detached' })
      }
    }
    expect(await keys.get(undefined, key.id)).toMatchObject({ state: 'active', permissions: ['balance', 'web3'] })
  })

  it('asks before what is shown this once is left, however that happens', async () => {
    await signIn()
    await page.getByRole('tab', { name: 'Audit' }).click()
    await page.getByRole('tab', { name: 'Keys' }).click()
    const { id, secret } = await makeKey('Left')
    const address = `#/keys/${id}`
    const ways: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['another view', () => page.getByRole('tab', { name: 'Organisations' }).click()],
      ['a form', () => link('New key').click()],
      ['signing out', () => page.getByRole('button', { name: 'Sign out' }).click()],
      ['Back', () => page.evaluate('history.back()')],
      ['an address', () => page.evaluate('location.hash = "#/administrators"')],
    ]
    for (const [, leave] of ways) {
      await leave()
      await question().getByText("The secret of Left can't be shown again.").waitFor()
      await question().getByRole('button', { name: 'Stay' }).click()
      await question().waitFor({ state: 'detached' })
      expect([hash(), await shown('Secret')]).toEqual([address, secret])
    }
    await page.getByRole('tab', { name: 'Organisations' }).click()
    await page.keyboard.press('Escape')
    await question().waitFor({ state: 'detached' })
    expect(await shown('Secret')).toBe(secret)
    // A reload is asked about by the browser.
    const asked = page.waitForEvent('dialog')
    void page.evaluate('location.reload()')
    const dialog = await asked
    expect(dialog.type()).toBe('beforeunload')
    await dialog.dismiss()
    expect(await shown('Secret')).toBe(secret)
    await page.getByRole('tab', { name: 'Organisations' }).click()
    await question().getByRole('button', { name: 'Leave it' }).click()
    await page.getByRole('region', { name: 'List of organisations' }).waitFor()
    await page.goBack()
    await page.getByRole('region', { name: 'Key Left' }).waitFor()
    expect(await page.content()).not.toContain(secret)
    // Nothing is asked about any more.
    await page.getByRole('tab', { name: 'Administrators' }).click()
    await page.reload()
    await link('New administrator').click()
    await page.getByLabel('Name', { exact: true }).fill('Left too')
    await page.getByRole('button', { name: 'Create the administrator' }).click()
    secrets.push((await shown('Token')) ?? '')
    await page.getByRole('tab', { name: 'Audit' }).click()
    await question().getByText("The token of Left too can't be shown again.").waitFor()
    await question().getByRole('button', { name: 'Stay' }).click()
    await page.getByRole('button', { name: 'I have it' }).click()
    await page.getByRole('tab', { name: 'Audit' }).click()
    await page.getByRole('region', { name: 'Audit log' }).waitFor()
  })

  it('has the focus where the work goes on, and brings it back', async () => {
    await makeOrganisation('Keyboard')
    const focused = () =>
      page.evaluate(() => {
        const { activeElement: at } = document
        return at?.getAttribute('aria-label') ?? at?.getAttribute('name') ?? at?.textContent ?? ''
      })
    const press = (key: string) => page.keyboard.press(key)
    await expect.poll(focused).toBe('token')
    await page.keyboard.type(token)
    await press('Enter')
    await expect.poll(focused).toBe('Keys')
    await link('New key').focus()
    await press('Enter')
    await expect.poll(focused).toBe('name')
    await page.keyboard.type('By keyboard')
    await press('Enter')
    await expect.poll(focused).toBe('The secret')
    secrets.push((await shown('Secret')) ?? '')
    await page.getByRole('button', { name: 'I have it' }).focus()
    await press('Enter')
    await expect.poll(focused).toBe('Details')
    await page.getByRole('button', { name: 'Rotate', exact: true }).focus()
    await press('Enter')
    await expect.poll(focused).toBe('The secret')
    secrets.push((await shown('Secret')) ?? '')
    await page.getByRole('button', { name: 'I have it' }).focus()
    await press('Enter')
    await expect.poll(focused).toBe('Details')
    // One step away: the way back to the list.
    await press('Tab')
    expect(await focused()).toBe('← All keys')
    await press('Enter')
    await expect.poll(focused).toBe('By keyboard')
    await link('Key of Keyboard').focus()
    await press('Enter')
    await expect.poll(focused).toBe('Details')
    await page.goBack()
    await expect.poll(focused).toBe('Key of Keyboard')
    await page.getByRole('tab', { name: 'Administrators' }).click()
    for (const [name, field] of [
      ['New administrator', 'administrator-name'],
      ['Renew my token', 'current-token'],
    ] as const) {
      await link(name).focus()
      await press('Enter')
      await expect.poll(focused).toBe(field)
      await page.getByRole('button', { name: 'Cancel' }).focus()
      await press('Enter')
      await expect.poll(focused).toBe(name)
    }
  })

  it('asks as well before it goes to the sign-in because the session has ended', async () => {
    await signIn()
    await makeKey('Ended')
    await context.clearCookies()
    const secret = (await shown('Secret')) ?? ''
    const refresh = page.getByRole('button', { name: 'Refresh' })
    await refresh.click()
    await question().getByText("Your session has ended. The secret of Ended can't be shown again.").waitFor()
    await question().getByRole('button', { name: 'Stay' }).click()
    expect(await shown('Secret')).toBe(secret)
    await page.getByRole('button', { name: 'I have it' }).click()
    await refresh.click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    expect(await page.content()).not.toContain(secret)
    await signIn()
    await page.getByRole('region', { name: 'Key Ended' }).waitFor()
  })

  it('comes back from a sign-in elsewhere to the address that was wanted, whether that worked or not', async () => {
    const { key } = await makeOrganisation('Elsewhere')
    await page.route('**/admin/v1/sign-in', route => route.fulfill({ json: { oidc: true } }))
    let answer = 'problem=oidc-denied'
    await page.route('**/admin/v1/session/oidc', async route => {
      if (answer.startsWith('signed-in')) {
        const headers = { authorization: `Bearer ${token}` }
        expect((await context.request.post(`${server.origin}/admin/v1/session`, { headers })).status()).toBe(200)
      }
      await route.fulfill({ contentType: 'text/html', body: `<meta http-equiv="refresh" content="0;url=/console/#${answer}">` })
    })
    const address = `#/keys/${key.id}?search=Else`
    await page.goto(`${server.origin}/console/${address}`)
    await page.reload()
    const elsewhere = page.getByRole('link', { name: "Sign in with your organisation's account" })
    await elsewhere.click()
    await page.getByRole('alert').getByText('You were not let in there').waitFor()
    expect(hash()).toBe(address)
    answer = 'signed-in=somebody'
    await elsewhere.click()
    await page.getByRole('region', { name: 'Key Key of Elsewhere' }).waitFor()
    expect(hash()).toBe(address)
  })

  it('calls organisations by their names', async () => {
    const { organisationId } = await makeOrganisation('Named twice')
    const other = await makeOrganisation('Named twice')
    await makeOrganisation('Named once')
    await signIn()
    const offered = async (form: string) =>
      await page.getByRole('form', { name: form }).getByLabel('Organisation').locator('option').allTextContents()
    const expected = [`Named twice (${organisationId})`, `Named twice (${other.organisationId})`, 'Named once']
    await link('New key').click()
    await page.getByRole('form', { name: 'New key' }).waitFor()
    expect(await offered('New key')).toEqual(expect.arrayContaining(expected))
    await page.getByRole('tab', { name: 'Administrators' }).click()
    await link('New administrator').click()
    await page.getByRole('form', { name: 'New administrator' }).waitFor()
    expect(await offered('New administrator')).toEqual(expect.arrayContaining(expected))
    const row = page.getByRole('region', { name: 'List of administrators' }).locator('tbody tr', { hasText: 'Admin of Named once' })
    expect(await row.locator('td[data-title="Organisation"]').textContent()).toBe('Named once')
    await page.goto(`${server.origin}/console/#/keys/${other.key.id}`)
    await page.getByRole('region', { name: /^Key / }).getByText(`Named twice (${other.organisationId})`).waitFor()
  })

  it('has room for one column on a phone: details are in view at once, the focus goes there and back, nothing scrolls sideways', async () => {
    const { organisationId } = await makeOrganisation('Narrow')
    const long = { id: 'x'.repeat(256), name: 'With a long id', permissions: ['balance'], secret: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }
    await server.service.keys.import(ACTOR, organisationId, long)
    await page.setViewportSize({ width: 390, height: 844 })
    await signIn()
    const scrolling = () =>
      page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('*')]
          .filter(one => one.scrollWidth > one.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(one).overflowX))
          .map(one => one.outerHTML.slice(0, 80)),
      )
    for (const [view, name] of [
      ['Keys', 'Key of Narrow'],
      ['Organisations', 'Narrow'],
      ['Administrators', 'Admin of Narrow'],
    ] as const) {
      await page.getByRole('tab', { name: view }).click()
      await link(name).waitFor()
      expect([view, await scrolling()]).toEqual([view, []])
      const ids = page.locator('code.id').filter({ hasNotText: long.id })
      const heights = await ids.evaluateAll(all => all.map(one => one.getBoundingClientRect().height))
      expect([view, Math.max(...heights) < 40]).toEqual([view, true])
      await link(name).click()
      const details = page.getByRole('region', { name: 'Details' })
      await details.getByText(name).first().waitFor()
      const box = await details.boundingBox()
      expect([view, (box?.y ?? -1) >= 0 && (box?.y ?? 844) < 422]).toEqual([view, true])
      expect(await details.evaluate(one => one === document.activeElement)).toBe(true)
      expect([view, await scrolling()]).toEqual([view, []])
      await link(`← All ${view.toLowerCase()}`).click()
      await expect.poll(() => link(name).evaluate(one => one === document.activeElement)).toBe(true)
      await link(name).click()
      await page.goBack()
      await expect.poll(() => link(name).evaluate(one => one === document.activeElement)).toBe(true)
    }
    for (const view of ['Keys', 'Organisations', 'Administrators', 'Audit']) {
      await page.getByRole('tab', { name: view }).click()
      await page.locator('.list').waitFor()
      for (const width of [320, 390, 620, 700, 850, 980, 1100, 1280]) {
        await page.setViewportSize({ width, height: 844 })
        const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        const table = await page.locator('.list').evaluate(one => one.scrollWidth - one.clientWidth)
        expect([view, width, beyond, table, await scrolling()]).toEqual([view, width, 0, 0, []])
      }
    }
  })

  it('offers for a new key what the ceilings allow, and the scheme that is in use', async () => {
    const { administrators, keys } = server.service
    const { organisationId } = await makeOrganisation('Offered')
    await administrators.setCeilings(ACTOR, organisationId, {
      permissions: ['balance'],
      schemes: ['rfc9421', 'stripe'],
      addresses: ['10.0.0.0/8'],
    })
    await signIn()
    await link('New key').click()
    const form = page.getByRole('form', { name: 'New key' })
    const scheme = form.getByLabel('Scheme')
    const schemes = () => scheme.locator('option').allTextContents()
    await scheme.waitFor()
    expect(await scheme.inputValue()).toBe('qredo-v1')
    expect((await schemes()).slice(0, 2).sort()).toEqual(['qredo-v1', 'rfc9421'])
    expect((await schemes()).length).toBeGreaterThan(10)
    expect(await form.getByLabel('Addresses').isVisible()).toBe(false)
    await form.getByRole('switch', { name: /^Web3/ }).check()
    await form.getByLabel('Organisation').selectOption(organisationId)
    expect(await schemes()).toEqual(['rfc9421', 'stripe'])
    expect(await scheme.inputValue()).toBe('rfc9421')
    expect(await form.getByRole('switch').count()).toBe(1)
    await form.getByRole('switch', { name: /^Balance/ }).check()
    await form.getByLabel('Name', { exact: true }).fill('Within')
    expect(await form.getByRole('button', { name: 'Create the key' }).isDisabled()).toBe(true)
    expect(await form.locator('#addresses-note').textContent()).toContain('10.0.0.0/8')
    await form.getByLabel('Addresses').fill('192.0.2.1')
    await form.getByRole('button', { name: 'Create the key' }).click()
    await form.getByRole('alert').getByText('192.0.2.1 is not').waitFor()
    await form.getByLabel('Addresses').fill('10.1.0.0/16')
    await form.getByRole('button', { name: 'Create the key' }).click()
    secrets.push((await shown('Secret')) ?? '')
    expect((await keys.list(organisationId, { search: 'Within', limit: 1 })).keys[0]).toMatchObject({
      scheme: 'rfc9421',
      permissions: ['balance'],
      addresses: ['10.1.0.0/16'],
    })
  })

  it('says what a form still needs, beside its button', async () => {
    await signIn()
    await link('New key').click()
    const form = page.getByRole('form', { name: 'New key' })
    const button = form.getByRole('button', { name: 'Create the key' })
    const needs = form.getByText('It needs a name.')
    await needs.waitFor()
    expect([await button.isDisabled(), await button.getAttribute('aria-describedby')]).toEqual([true, await needs.getAttribute('id')])
    await form.getByText('Without a permission, the key opens only what needs none.').waitFor()
    await form.getByLabel('Name', { exact: true }).fill('Named')
    await form.getByRole('switch', { name: /^Balance/ }).check()
    expect([await button.isDisabled(), await form.locator('p.hint', { hasText: /It needs|Without a permission/ }).count()]).toEqual([
      false,
      0,
    ])
  })

  it('asks before a permission is taken away that could not be given back', async () => {
    const { administrators, keys } = server.service
    const { organisationId, key } = await makeOrganisation('Lost')
    const granted = async () => (await keys.get(undefined, key.id)).permissions
    await administrators.setCeilings(ACTOR, organisationId, { permissions: ['balance'] })
    await signIn()
    await page.goto(`${server.origin}/console/#/keys/${key.id}`)
    const web3 = page.getByRole('switch', { name: /^Web3/ })
    await web3.click()
    await save().click()
    await question().getByText("Once taken away, web3 can't be given back to Key of Lost").waitFor()
    await question().getByRole('button', { name: 'Keep it' }).click()
    expect(await granted()).toEqual(['balance', 'web3'])
    expect(await save().evaluate(one => one === document.activeElement)).toBe(true)
    await save().click()
    await question().getByRole('button', { name: 'Take it away' }).click()
    await page.getByText('The changes are saved.').waitFor()
    expect(await granted()).toEqual(['balance'])
    expect(await web3.count()).toBe(0)
    // What the ceilings allow is taken away and given back without a question.
    const balance = page.getByRole('switch', { name: /^Balance/ })
    await balance.uncheck()
    await save().click()
    await expect.poll(granted).toEqual([])
    await balance.check()
    await save().click()
    await expect.poll(granted).toEqual(['balance'])
    // Another one that was there before.
    expect(await page.getByRole('switch', { name: /^Read-only/ }).count()).toBe(0)
  })

  it('says in the list which keys end soon, and which have ended', async () => {
    const [organisation] = await server.service.administrators.organisations(undefined)
    const day = 86_400_000
    for (const [name, days] of [
      ['Ending soon', 2],
      ['Ending later', 40],
      ['Ending ended', -3.1],
    ] as const) {
      const expiresAt = new Date(Date.now() + days * day).toISOString()
      await server.service.keys.create(ACTOR, organisation?.id ?? '', { name, expiresAt })
    }
    await signIn()
    await page.getByLabel('Search').fill('Ending')
    const states = page.getByRole('region', { name: 'List of keys' }).locator('td[data-title="State"]')
    await expect.poll(() => states.allTextContents()).toEqual(['expired ended 3 days ago', 'active ', 'active ends in 2 days'])
  })

  it('has no serious accessibility problem, light and dark, wide and narrow', async () => {
    const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    const check = async (where: string): Promise<void> => {
      // As a test tool it may do what the page's own policy forbids.
      const problems = await page.evaluate(
        `(async () => { ${source}; const { violations } = await axe.run(); return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => id + ': ' + nodes.map(node => node.html).join(' ')) })()`,
      )
      expect([where, problems]).toEqual([where, []])
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      expect([where, overflow]).toEqual([where, 0])
    }
    const checkAll = async (where: string): Promise<void> => {
      for (const colorScheme of ['light', 'dark'] as const)
        for (const width of [1280, 390]) {
          await page.emulateMedia({ colorScheme })
          await page.setViewportSize({ width, height: 900 })
          await check(`${where} ${colorScheme} ${width}`)
        }
    }
    await checkAll('sign in')
    await signIn()
    await checkAll('no key')
    await makeKey('Accessible')
    await checkAll('secret')
    await page.getByRole('tab', { name: 'Audit' }).click()
    await checkAll('question')
    await page.getByRole('button', { name: 'Stay' }).click()
    await page.getByRole('button', { name: 'I have it' }).click()
    await checkAll('key')
    await page.setViewportSize({ width: 1280, height: 900 })
    await page.getByRole('link', { name: 'New key' }).click()
    await page.getByRole('form', { name: 'New key' }).waitFor()
    await checkAll('new key')
    await page.getByRole('tab', { name: 'Organisations' }).click()
    await page.getByRole('link', { name: 'Bounded' }).click()
    await page.getByLabel('Limit permissions').check()
    await checkAll('organisations')
    await page.getByRole('tab', { name: 'Administrators' }).click()
    await page.getByRole('link', { name: 'New administrator' }).click()
    await checkAll('administrators')
    await page.getByRole('tab', { name: 'Audit' }).click()
    await page.getByRole('region', { name: 'Audit log' }).waitFor()
    await checkAll('audit')
  })
})
