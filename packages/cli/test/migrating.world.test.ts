import { afterAll, describe, expect, it } from 'vitest'
import { openPage } from './page.ts'

const page = openPage('migrating')
afterAll(() => page.close())

describe('docs/migrating.md', () => {
  it('is right: every command on it runs, and shows what it says', { timeout: 120_000 }, async () => {
    const shown = await page.run()
    const all = shown.join('\n---\n')
    expect(shown).toHaveLength(12)
    expect(all).toMatch(/deprecation: @\d{10}\n/)
    expect(all).toContain('sunset: Thu, 01 Apr 2027 00:00:00 GMT')
    expect(all).toMatch(/"token":"eyJ/)
    expect(all).toContain("'ETH-TESTNET': {")
    expect(all).toContain("name: 'Treasury'")
    expect(all).toMatch(/demo +qredo-v1 +\d+ +\d{4}-\d\d-\d\d \d\d:\d\d +\d{4}-/)
    expect(all).toMatch(/hello csk_/)
    expect(all).toContain('countersign_gateway_deprecated_total{via="qredo-v1",event="called"} 1')
    expect(all).toMatch(/old +qredo-v1 +1 /)
    expect(shown.at(-1)).toContain('"code":"scheme-retired"')
    expect(shown.at(-1)).toContain('sign by qredo-v2 instead')
  })
})
