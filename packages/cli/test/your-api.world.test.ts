import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { removeFolder } from './command.ts'
import { openPage } from './page.ts'

// The page saves profiles.
const home = mkdtempSync(join(tmpdir(), 'countersign-your-api-'))
process.env['XDG_CONFIG_HOME'] = home
const page = openPage('your-api')
afterAll(async () => {
  await page.close()
  removeFolder(home)
  delete process.env['XDG_CONFIG_HOME']
})

describe('docs/your-api.md', () => {
  it('is right: an API of one’s own from an empty folder, and what its gateway says to each call', { timeout: 120_000 }, async () => {
    const [scheme, keys, passed, denied, addresses, rate] = await page.run()
    expect(scheme).toContain('Shop API')
    expect(keys).toMatch(/reader\.json.*office\.json.*The gateway would start\./s)
    expect(passed).toMatch(/^orders: GET \/orders\/7 by csk_\w+\nreports: GET \/reports\/may by csk_\w+\n$/)
    expect(denied).toContain('"code":"permission-denied"')
    expect(addresses).toMatch(/"code":"address-not-allowed".*orders: POST \/orders by csk_\w+\n$/s)
    expect(rate).toMatch(/^reports: GET \/reports\/june .*retry-after: \d+.*"code":"rate-limited"/s)
  })
})
