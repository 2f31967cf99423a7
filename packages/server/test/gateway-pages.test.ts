import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { NAMES, PATHS } from './spellings.ts'

const page = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')

/** Every number of a page that stands in front of these words. */
function numbersBefore(words: string, text: string): readonly number[] {
  return [...text.matchAll(new RegExp(`([\\d,]+) ${words}`, 'g'))].map(([, number = '']) => Number(number.replaceAll(',', '')))
}

describe('SECURITY.md', () => {
  const text = page('SECURITY.md')

  it.each([
    ['spellings at', PATHS.length],
    ['spellings, each', PATHS.length],
    ['spellings of identity headers', NAMES.length],
  ])('says how many %s the tests try', (words, count) => {
    expect(numbersBefore(words, text)).toEqual([count])
    expect(numbersBefore('spellings', text)).toHaveLength(3)
  })
})
