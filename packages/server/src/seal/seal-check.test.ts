import { expect, it } from 'vitest'
import { openSqlite } from '../database/sqlite.ts'
import { CANARY, createSealCheck } from './canary.ts'

it('whether secrets can be opened is looked at every five seconds at most, and at once where they were sealed anew', async () => {
  const { db, close } = openSqlite(':memory:')
  await db.schema.createTable('setting').addColumn('name', 'text').addColumn('value', 'text').execute()
  await db.insertInto('setting').values({ name: CANARY, value: 'one' }).execute()
  const asked: string[] = []
  let [nowMs, isGood] = [0, true]
  const check = createSealCheck(
    db,
    {
      async open(sealed) {
        asked.push(sealed)
        if (!isGood) throw new Error('another key')
        return new Uint8Array()
      },
    },
    () => nowMs,
  )
  await Promise.all([check(), check(), check()])
  expect(asked).toEqual(['one'])
  isGood = false
  await db.updateTable('setting').set({ value: 'two' }).execute()
  for (let count = 0; count < 3; count++) await expect(check()).rejects.toThrow('another key')
  expect(asked).toEqual(['one', 'two'])
  isGood = true
  nowMs = 4_999
  await expect(check()).rejects.toThrow('another key')
  nowMs = 5_000
  await check()
  expect(asked).toEqual(['one', 'two', 'two'])
  await close()
})
