import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { PROCESS_CONNECTIONS } from './connections.ts'
import { isStoreAway, storeName, storeProblem } from './store-problem.ts'

const URL_WITH_PASSWORD = 'postgres://keys:hunter2@db.internal:5432/shop%20keys'
const failure = (code: string) => Object.assign(new Error('said by the driver'), { code })

describe('what PostgreSQL says', () => {
  it.each([
    ['53300', 'store-connections', true, `Each process takes up to ${PROCESS_CONNECTIONS}`],
    ['57014', 'store-slow', true, 'took too long'],
    ['57P01', 'store-unreachable', true, 'see whether PostgreSQL runs there'],
    ['ECONNREFUSED', 'store-unreachable', true, 'see whether PostgreSQL runs there'],
    [
      '3D000',
      'store-missing',
      false,
      "PostgreSQL on db.internal:5432 has no database shop keys: make it with createdb -h db.internal -p 5432 'shop keys', or",
    ],
    ['28P01', 'store-forbidden', false, 'check user and password'],
    ['XX001', 'store-damaged', false, 'pg_restore'],
  ])('with %s is %s, may come back by itself: %s, and says what to do', (said, code, isAway, remedy) => {
    const problem = storeProblem(failure(said), 'postgres', URL_WITH_PASSWORD)
    expect(problem).toMatchObject({ code, message: expect.stringContaining(remedy) as string })
    expect(String(problem)).toContain('db.internal')
    expect(String(problem)).not.toContain('hunter2')
    expect(isStoreAway(problem)).toBe(isAway)
  })

  it.each([
    ['postgres://ada:hunter2@db.internal', "has no database ada: make it with createdb -h db.internal 'ada', or"],
    ['postgres://ada@db.internal/', "has no database ada: make it with createdb -h db.internal 'ada', or"],
    ['postgres://u@h/a%3Bb', "createdb -h h 'a;b', or"],
    ['postgres://u@h/it%27s', String.raw`createdb -h h 'it'\''s', or`],
    ['postgres://u@[::1]:5433/a', "createdb -h ::1 -p 5433 'a', or"],
    ['postgres:///keys', "PostgreSQL on this machine has no database keys: make it with createdb 'keys', or"],
  ])('names the database of %s as a shell would take it', (store, told) => {
    expect(storeProblem(failure('3D000'), 'postgres', store)).toMatchObject({ message: expect.stringContaining(told) as string })
  })

  it('with 53300 has its number in docs/scaling.md as well', () => {
    const page = readFileSync(new URL('../../../../docs/scaling.md', import.meta.url), 'utf8')
    expect(page).toMatch(new RegExp(`connections to PostgreSQL.*\\| ${PROCESS_CONNECTIONS} at most`))
  })
})

describe('a store that is damaged', () => {
  it('is told to be put back by the command for that', () => {
    expect(storeProblem(failure('SQLITE_CORRUPT'), 'sqlite', 'a.db')).toMatchObject({
      message: expect.stringContaining('countersign store restore') as string,
    })
  })
})

describe('the name of a store', () => {
  it.each([
    ['keys/a.db', 'keys/a.db'],
    ['postgres://u:hunter2@h/keys', 'keys in PostgreSQL on h'],
    ['postgres:///keys', 'keys in PostgreSQL on this machine'],
    ['postgres://u:hunter2@h/keys%zz', 'keys%zz in PostgreSQL on h'],
    ['postgres://u:hunter2@h:port/keys', 'in PostgreSQL'],
  ])('%s is %s', (store, name) => {
    expect(storeName(store)).toBe(name)
  })
})
