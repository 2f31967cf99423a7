import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { run } from './command.ts'

/** What is another in every run. */
function normalised(text: string): string {
  return text
    .replaceAll(/csk_[0-9A-Za-z]{26}/g, 'KEY')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/1[789]\d{17}/g, 'NANOSECONDS')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
    .replaceAll(/(?<=(?:sig: |signature {3}))[\w-]{43}/g, 'SIGNATURE')
    .replaceAll(/\d+ tried/g, 'N tried')
    .replaceAll(/last used {5}.*/g, 'last used')
    .replaceAll(/right [0-9a-f ]{23}, client [0-9a-f ]{23}/g, 'BYTES')
}

describe('countersign tour', () => {
  it('is the recording in docs/tour.md, and leaves nothing behind', { timeout: 60_000 }, async () => {
    const before = readdirSync(tmpdir()).filter(name => name.startsWith('countersign-tour-'))
    const { code, stdout, stderr } = await run('countersign', ['tour'])
    expect([code, stderr]).toEqual([0, ''])
    for (const seen of ['One mistake.', 'It signed path and query alone', 'permission-denied', 'key-revoked'])
      expect(stdout).toContain(seen)
    const written = readFileSync(new URL('../../../docs/tour.md', import.meta.url), 'utf8')
    const recorded = /```text\n(.*)```\n/s.exec(written)?.[1] ?? ''
    expect(normalised(stdout).trim()).toBe(normalised(recorded).trim())
    expect(readdirSync(tmpdir()).filter(name => name.startsWith('countersign-tour-'))).toEqual(before)
  })
})
