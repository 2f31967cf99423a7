import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { readPage } from '../src/server/page-files.ts'

const pageDirectory = fileURLToPath(new URL('../dist/page/', import.meta.url))

it('the page is under 150 kB gzipped, and loads nothing from elsewhere', () => {
  const files = [...readPage(pageDirectory).values()]
  expect(files.reduce((sum, { bytes }) => sum + gzipSync(bytes).length, 0)).toBeLessThan(150_000)
  expect(readFileSync(join(pageDirectory, 'index.html'), 'utf8')).not.toMatch(/(src|href)="(https?:)?\/\//)
})
