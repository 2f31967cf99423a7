import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { ServerError } from '../errors.ts'
import { logError } from './process-log.ts'

function logged(error: unknown): { readonly [field: string]: unknown } {
  const lines: string[] = []
  logError(pino({}, { write: line => void lines.push(line) }), error, 'settings not taken')
  return JSON.parse(lines.join(''))
}

describe('an error in the log', () => {
  it('of ours has what to do, and no stack: a mistake in settings is no fault of the program', () => {
    const error = new ServerError('config-invalid', 400, 'a.yaml:3: rtae: there is no such setting', new Error('inner'))
    const line = logged(error)
    expect(line).toMatchObject({ code: 'config-invalid', error: error.message, cause: 'inner', msg: 'settings not taken' })
    expect(line).not.toHaveProperty('stack')
  })

  it.each([new Error('x'), new TypeError('y'), Object.assign(new Error('z'), { code: 'ECONNRESET' })])(
    'of any other kind has its stack: %s',
    error => {
      expect(logged(error)['stack']).toContain('process-log.test')
    },
  )
})
