import { expect, it } from 'vitest'
import { textLog } from './server-log.ts'

it.each([
  [true, 'hello', 'warning: careful', 'error: broken'],
  [false, '1970-01-01T00:00:01.000Z hello', '1970-01-01T00:00:01.000Z warning: careful', '1970-01-01T00:00:01.000Z error: broken'],
])('lines of a server have their time unless a person looks on (terminal: %s)', (isTerminal, ...lines) => {
  const written: string[] = []
  const log = textLog(
    isTerminal,
    line => written.push(line),
    () => 1_000,
  )
  log.info('hello')
  log.warn('careful')
  log.error(new Error('broken'))
  expect(written).toEqual(lines)
})
