import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import vectors from '../../../vectors/qredo-v1.json' with { type: 'json' }
import { openPage } from './page.ts'

const page = openPage('sign-qredo-api-calls')
afterAll(() => page.close())

const hasPython = spawnSync('python3', ['--version']).status === 0

describe('docs/sign-qredo-api-calls.md', () => {
  it.skipIf(!hasPython)('is right: every block on it runs, and shows what it says (needs python3)', { timeout: 120_000 }, async () => {
    const [, signed, worked = '', sent, python, explained, functions = '', typed = ''] = await page.run()
    expect(signed).toMatch(/qredo-api-key: csk_\S+\nqredo-api-ts: \d{19}\nqredo-api-sig: [\w-]{43}\n/)
    expect(worked).toContain('signed: "1647356399GEThttps://api.qredo.network/qapi/v1/balance"')
    expect(worked.match(/(?<=qredo-api-sig: ).*/g)).toEqual([vectors.page.example, vectors.page.example])
    expect(readFileSync(new URL('../../../docs/sign-qredo-api-calls.md', import.meta.url), 'utf8')).toContain(`\`${vectors.page.example}\``)
    expect(sent).toContain('"status":"created"')
    expect(python).toMatch(/^\{"assets":/)
    expect(explained).toContain('took a "b" off the signature')
    expect(functions).toMatch(/^200 \{"assets":/)
    expect(functions).toContain(`\n${vectors.page.signGET}\n${vectors.page.signJSON}\n`)
    const { signGET, signJSON } = vectors.page
    expect(typed.match(/(?<=qredo-api-sig: ).*/g)).toEqual([signGET, signJSON, signGET, signJSON])
    expect(functions).toContain('{"price": 1.0, "small": 1e-07, "large": 18446744073709551616, "text": "f\\u00fcr"}')
  })
})
