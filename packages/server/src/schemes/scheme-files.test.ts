import { expect, it } from 'vitest'
import { readSchemeFile } from './scheme-files.ts'

const DECLARATION = '{\n  "name": "mine"\n}\n'

it.each([
  ['', 'mine.json: The declaration is empty.'],
  [' \n', 'mine.json: The declaration is empty.'],
  [`\ufeff${DECLARATION}`, 'mine.json: The declaration begins with a byte order mark: save it as UTF-8 without one.'],
  [Buffer.from(`\ufeff${DECLARATION}`, 'utf16le'), 'mine.json: The declaration is not text in UTF-8: save it as that.'],
  [Buffer.from([0x7b, 0xe9, 0x7d]), 'mine.json: The declaration is not text in UTF-8: save it as that.'],
  ['name: mine\n', 'mine.json:1:1: The declaration isn\'t JSON from this "n" on.'],
  ['{\n  // mine\n  "a": 1\n}', 'mine.json:2:3: The declaration isn\'t JSON from this "/" on.'],
  ['{"a": True}', 'mine.json:1:7: The declaration isn\'t JSON from this "T" on.'],
  ['{\n  "a": 1\n  "b": 2\n}', String.raw`mine.json:3:3: The declaration isn't JSON from this "\"" on.`],
  ['{"a": [1, 2', 'mine.json:1:12: The declaration ends too early.'],
])('a declaration that can’t be read is told with what stands there: %j', (text, message) => {
  expect(() => readSchemeFile('mine.json', () => Buffer.from(text))).toThrow(
    expect.objectContaining({ code: 'scheme-unreadable', message }),
  )
})
