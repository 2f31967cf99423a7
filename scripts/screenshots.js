/** Takes the pictures of the page that the docs show: three views, light and dark. Run by `npm run screenshots`; needs Chromium. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startSandbox } from '@countersign/sandbox'
import { startUi } from '@countersign/ui'
import { createSigner } from 'countersign'
import { curlLine } from 'countersign/code'
import { qredoV1 } from 'countersign/schemes'
import { chromium } from 'playwright-core'

const folder = fileURLToPath(new URL('../docs/images/', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'countersign-pictures-'))
const sandbox = await startSandbox({ directory, port: 0 })
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
await browser.close()
await ui.close()
await sandbox.close()
rmSync(directory, { recursive: true })
