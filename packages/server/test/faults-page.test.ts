import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const at = (path: string): URL => new URL(`../../../${path}`, import.meta.url)
const rows = readFileSync(at('docs/faults.md'), 'utf8')
  .split('\n')
  .filter(line => line.startsWith('| ') && !line.startsWith('| ---') && !line.startsWith('| what was done'))
  .map(line => line.split(' | ').map(cell => cell.replace(/^\| | \|$/g, '')))

describe('docs/faults.md', () => {
  it.each(rows.map(cells => [cells[0] ?? '', cells] as const))('names the test that shows it: %s', (_, cells) => {
    expect(cells).toHaveLength(4)
    const [, path = '', title = ''] = /^`([^`]+)`: (.+)$/.exec(cells[3] ?? '') ?? []
    expect(title).not.toBe('')
    expect(readFileSync(at(path), 'utf8')).toContain(title)
  })

  it('has what was asked of it', () => expect(rows.length).toBeGreaterThan(20))
})
