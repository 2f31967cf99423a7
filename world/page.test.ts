import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Sandbox, startSandbox } from '@countersign/sandbox'
import { createSigner } from 'countersign'
import { curlLine } from 'countersign/code'
import { qredoV1 } from 'countersign/schemes'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RunningUi, startUi } from '../packages/ui/src/server/server.ts'
import { chromiumPath } from './chromium-path.ts'

const pageDirectory = fileURLToPath(new URL('../packages/ui/dist/page/', import.meta.url))
describe.skipIf(chromiumPath === undefined)('the page in Chromium (needs Chromium)', () => {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-page-'))
  let browser: Browser
  let sandbox: Sandbox
  let ui: RunningUi
  let page: Page
  let secret = ''
  let keyId = ''
  let requests: string[]
  let said: string[]

  beforeAll(async () => {
    sandbox = await startSandbox({ directory, port: 0 })
    ui = await startUi({ port: 0, directory: pageDirectory })
    browser = await chromium.launch({ executablePath: chromiumPath ?? '', args: ['--no-sandbox'] })
    const [key] = sandbox.demoKeys
    keyId = key?.id ?? ''
    secret = readFileSync(key?.secretFile ?? '', 'utf8').trim()
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    await ui?.close()
    await sandbox?.close()
    rmSync(directory, { recursive: true, force: true })
  })

  beforeEach(async () => {
    page = await browser.newPage()
    requests = []
    said = []
    page.on('request', request => {
      requests.push(`${request.method()} ${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ''}`)
    })
    page.on('console', message => {
      said.push(message.text())
    })
    page.on('pageerror', error => {
      said.push(String(error))
    })
    await page.goto(ui.url)
  })

  afterEach(async () => {
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie)
    expect(kept).toBe('{}')
    const everything = [...requests, ...said].join('\n')
    for (const spelling of [secret, encodeURIComponent(secret), Buffer.from(secret, 'base64').toString('hex')])
      expect(everything).not.toContain(spelling)
    expect(said).toEqual([])
    expect(requests.filter(line => !line.includes(` ${ui.origin}/`))).toEqual([])
    await page.close()
  })

  async function giveKey(): Promise<void> {
    await page.getByLabel('API key', { exact: true }).first().fill(keyId)
    await page.getByLabel('Secret', { exact: true }).first().fill(secret)
  }

  const shown = (label: string) => page.getByRole('region', { name: label, exact: true }).locator('pre').textContent()

  it('signs as the library does, byte for byte', async () => {
    const url = 'https://api.example.com/qapi/v1/transaction?a=%20x'
    const body = '{"to": "0x1",\n "note": "für 5 €"}'
    await giveKey()
    await page.getByLabel('Method').selectOption('POST')
    await page.getByLabel('URL', { exact: true }).fill(url)
    await page.getByLabel('Body', { exact: true }).fill(body)
    await page.getByLabel('Timestamp').fill('1647356399')
    const expected = createSigner(qredoV1, { keyId, secret }).sign({ method: 'POST', url, body, timestamp: '1647356399' })
    await page
      .getByRole('region', { name: 'Headers' })
      .getByText(expected.headers['qredo-api-sig'] ?? '?')
      .waitFor()
    expect(await shown('Headers')).toBe(
      Object.entries(expected.headers)
        .map(([name, value]) => `${name}: ${value}`)
        .join('\n'),
    )
    expect(await shown('Message')).toBe(new TextDecoder().decode(expected.message()))
    expect(await shown('curl')).toBe(curlLine(expected))
    expect(await page.getByRole('region', { name: 'Message' }).locator('.part').count()).toBe(4)
    expect(await shown('Program')).toContain('hmac')
  })

  it('sends to the sandbox, shows the balance, and remembers what was sent', async () => {
    await giveKey()
    await page.getByLabel('URL', { exact: true }).fill(`${sandbox.origin}/qapi/v1/balance`)
    await page.getByLabel('URL', { exact: true }).press('Enter')
    const response = page.getByRole('region', { name: 'Response', exact: true })
    await response.getByText('200 OK').waitFor()
    expect(await shown('Response body')).toContain('"total": 25000000000000000000,')
    await page.getByRole('region', { name: 'History' }).getByText(`GET ${sandbox.origin}/qapi/v1/balance`).waitFor()
    await page.getByLabel('Secret', { exact: true }).first().fill(Buffer.alloc(40, 1).toString('base64'))
    await page.getByRole('button', { name: 'Sign and send' }).click()
    await response.getByText('401').waitFor()
  })

  it('says what is wrong beside the field', async () => {
    await giveKey()
    await page.getByLabel('URL', { exact: true }).fill('api.example.com')
    await page.locator('#url-note.error').waitFor()
    expect(await page.getByLabel('URL', { exact: true }).getAttribute('aria-invalid')).toBe('true')
    expect(await page.getByRole('button', { name: 'Sign and send' }).isDisabled()).toBe(true)
    await page.getByLabel('URL', { exact: true }).fill('https://api.example.com/')
    await page.getByLabel('Secret', { exact: true }).first().fill('!!')
    await page.locator('#sign-secret-note.error').waitFor()
  })

  it('tells when nobody answers', async () => {
    await giveKey()
    await page.getByLabel('URL', { exact: true }).fill('http://127.0.0.1:1/')
    await page.getByRole('button', { name: 'Sign and send' }).click()
    await page.getByRole('alert').filter({ hasText: 'There was no answer' }).waitFor()
    // Chromium itself notes the answer 502 of the page's own server.
    said = said.filter(text => !text.includes('502'))
  })

  it('names the mistake in a pasted request', async () => {
    const url = 'https://api.example.com/qapi/v1/transaction'
    const wrong = createSigner(qredoV1, { keyId, secret }).sign({ method: 'POST', url, body: '{"a": 1}', timestamp: '1647356399' })
    await giveKey()
    await page.getByRole('tab', { name: 'Sign and send' }).press('ArrowRight')
    await page.getByLabel('A curl line').fill(curlLine({ ...wrong, body: new TextEncoder().encode('{"a":1}') }))
    await page.getByRole('button', { name: 'Explain' }).click()
    const region = page.getByRole('region', { name: 'Explanation', exact: true })
    await region.getByText('One mistake.').waitFor()
    expect(await region.textContent()).toContain('json.dumps')
    expect(await region.locator('mark').allInnerTexts()).toEqual(['1}', ' 1}'])
  })

  it('keeps the secret only when asked, and then until the tab is closed', async () => {
    await giveKey()
    expect(await page.evaluate(() => sessionStorage.length + localStorage.length)).toBe(0)
    await page.getByLabel('Keep these').first().check()
    await page.reload()
    expect(await page.getByLabel('Secret', { exact: true }).first().inputValue()).toBe(secret)
    expect(await page.evaluate(() => localStorage.length)).toBe(0)
    await page.getByLabel('Keep these').first().uncheck()
    await page.reload()
    expect(await page.getByLabel('Secret', { exact: true }).first().inputValue()).toBe('')
  })

  it("can't be used by a page from elsewhere", async () => {
    let sent = 0
    const target = createServer((_request, response) => {
      sent++
      response.end()
    })
    const foreign = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>foreign</title>'),
    )
    const addresses = await Promise.all(
      [target, foreign].map(async server => {
        await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
        return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      }),
    )
    const [targetUrl = '', foreignUrl = ''] = addresses
    const other = await browser.newPage()
    await other.goto(foreignUrl)
    // Even with the token, which it can't have.
    const token = new URL(ui.url).hash.replace('#token=', '')
    const outcomes = await other.evaluate(
      async ([api = '', target = '', stolen = '']) => {
        const body = JSON.stringify({ method: 'GET', url: target, headers: {}, body: null })
        const attempts: RequestInit[] = [
          { method: 'POST', body, headers: { 'content-type': 'application/json', 'x-countersign-token': stolen } },
          { method: 'POST', body, mode: 'no-cors' },
          { method: 'POST', body },
        ]
        return Promise.all(
          attempts.map(attempt =>
            fetch(api, attempt).then(
              response => `read ${response.type} ${response.status}`,
              () => 'refused',
            ),
          ),
        )
      },
      [`${ui.origin}/api/send`, targetUrl, token],
    )
    expect(outcomes).toEqual(['refused', 'refused', 'refused'])
    expect(sent).toBe(0)
    await other.close()
    for (const server of [target, foreign]) {
      server.closeAllConnections()
      server.close()
    }
  })

  it('stops waiting when it is told to', async () => {
    const silent = createServer(() => {})
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
    const asked = new Promise<IncomingMessage>(resolve => silent.once('request', resolve))
    await giveKey()
    await page.getByLabel('URL', { exact: true }).fill(`http://127.0.0.1:${(silent.address() as AddressInfo).port}/`)
    await page.getByRole('button', { name: 'Sign and send' }).click()
    const request = await asked
    const closed = new Promise(resolve => request.socket.on('close', resolve))
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('alert').filter({ hasText: 'Cancelled.' }).waitFor()
    await closed
    silent.close()
  })

  it.each(['light', 'dark'] as const)('has no serious accessibility problem: %s, wide and narrow', async colorScheme => {
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    await page.emulateMedia({ colorScheme })
    await giveKey()
    await page.getByRole('heading', { name: 'Message' }).waitFor()
    for (const width of [1200, 360]) {
      await page.setViewportSize({ width, height: 900 })
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
      for (const tab of ['Sign and send', 'Explain']) {
        await page.getByRole('tab', { name: tab }).click()
        // Over the debugger, which the page's own policy does not bind.
        const { violations, passes } = (await page.evaluate(`${axe}; axe.run()`)) as {
          passes: unknown[]
          violations: { id: string; impact: string; nodes: { html: string }[] }[]
        }
        expect(passes.length).toBeGreaterThan(15)
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
        expect(serious.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([])
      }
    }
  })
})
