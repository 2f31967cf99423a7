/**
 * Takes the pictures of the pages that the docs show: three views and the console, light and dark. Run by
 * `npm run screenshots`; needs Chromium.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startSandbox } from '@countersign/sandbox'
import { consoleDirectory, startUi } from '@countersign/ui'
import { createSigner } from 'countersign'
import { curlLine } from 'countersign/code'
import { qredoV1 } from 'countersign/schemes'
import { chromium } from 'playwright-core'

const folder = fileURLToPath(new URL('../docs/images/', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'countersign-pictures-'))
const sandbox = await startSandbox({ directory, port: 0, consoleDirectory })
const ui = await startUi({ port: 0 })
const [key] = sandbox.demoKeys
const secret = readFileSync(key.secretFile, 'utf8').trim()
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' })

for (const colorScheme of ['light', 'dark']) {
  const page = await browser.newPage({ colorScheme, viewport: { width: 1200, height: 1000 } })
  const shoot = async name => {
    await page.evaluate(() => scrollTo(0, 0))
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) })
  }
  await page.goto(ui.url)
  await page.getByLabel('API key', { exact: true }).first().fill(key.id)
  await page.getByLabel('Secret', { exact: true }).first().fill(secret)
  await page.getByLabel('URL', { exact: true }).fill(`${sandbox.origin}/qapi/v1/balance`)
  await page.getByRole('heading', { name: 'Message' }).waitFor()
  await shoot('sign')
  await page.getByRole('button', { name: 'Sign and send' }).click()
  await page.getByRole('region', { name: 'Response', exact: true }).waitFor()
  await shoot('send')
  await page.getByRole('tab', { name: 'Explain' }).click()
  const request = { method: 'POST', url: 'https://api.example.com/qapi/v1/transaction', timestamp: '1647356399' }
  const wrong = createSigner(qredoV1, { keyId: key.id, secret }).sign({ ...request, body: '{"to": "0x1", "value": "10"}' })
  const line = curlLine({ ...wrong, body: new TextEncoder().encode('{"to":"0x1","value":"10"}') })
  await page.getByLabel('A curl line').fill(line)
  await page.getByRole('button', { name: 'Explain' }).click()
  await page.getByRole('region', { name: 'Explanation', exact: true }).waitFor()
  await shoot('explain')
  await page.close()
}

// A key that is being rotated, with a refusal that was explained.
const token = readFileSync(sandbox.adminTokenFile, 'utf8').trim()
const { keys, refusals, administrators, days, database } = sandbox.service
const actor = { name: 'screenshots', address: '' }
const [{ id: organisation }] = await administrators.organisations()
for (const [name, permissions] of [
  ['Reporting', ['read_only']],
  ['Old gateway', ['balance']],
  ['Market maker', ['balance', 'web3']],
])
  await keys.create(actor, organisation, { name, permissions })
await keys.setState(actor, organisation, (await keys.list(organisation, { search: 'Old gateway', limit: 1 })).keys[0].id, 'revoked')
const maker = (await keys.list(organisation, { search: 'Market maker', limit: 1 })).keys[0]
await keys.rotate(actor, organisation, maker.id, { overlapSeconds: 7200 })
const failure = { code: 'bad-signature', keyId: maker.id }
refusals.refused({ failure, request: { method: 'POST', target: '/qapi/v1/transaction', headers: {}, address: '203.0.113.9' } })
refusals.explained(maker.id, failure, [
  {
    code: 'body-json-dumps',
    did: "It signed JSON with spaces, as Python's json.dumps writes it, and sent it otherwise.",
    fix: 'Sign the very bytes that are sent: serialise the body once, sign that text, and send it.',
  },
])
await refusals.flush()
await days.flush()
// What it counted in the weeks before.
const today = Math.floor(Date.now() / 86_400_000)
const before = Array.from({ length: 28 }, (_, back) => {
  const calls = Math.round(900 + 500 * Math.sin(back) + 20 * back)
  return { key_id: maker.id, day: today - back - 1, credential: '', calls, refusals: back % 6 === 0 ? 120 : 4 }
})
await database.db.insertInto('key_day').values(before).execute()
for (const colorScheme of ['light', 'dark']) {
  const page = await browser.newPage({ colorScheme, viewport: { width: 1200, height: 1050 } })
  await page.goto(`${sandbox.origin}/console/`)
  await page.getByLabel("Administrator's token", { exact: true }).fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('link', { name: 'Market maker' }).click()
  await page.getByText('json.dumps').waitFor()
  await page.screenshot({ path: join(folder, `console-${colorScheme}.png`) })
  await page.close()
}
await browser.close()
await ui.close()
await sandbox.close()
rmSync(directory, { recursive: true })
