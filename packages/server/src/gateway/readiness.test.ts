import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openSqlite } from '../database/sqlite.ts'
import { DEFAULT_GRACE_MS } from '../keys/key-source.ts'
import { createReadiness } from './readiness.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-readiness-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('readiness', () => {
  it('lasts without the store for as long as known keys do, and not a moment without Redis', async () => {
    let now = 1_000
    let isRedisThere = true
    const database = openSqlite(join(folder, 'keys.db'))
    const redis = { check: () => (isRedisThere ? Promise.resolve() : Promise.reject(new Error('redis: away'))) }
    const check = createReadiness({ database }, redis, () => now)
    const isReady = () =>
      check().then(
        () => true,
        () => false,
      )
    expect(await isReady()).toBe(true)
    now += 10 * DEFAULT_GRACE_MS
    expect(await isReady()).toBe(true)
    await database.close()
    now += DEFAULT_GRACE_MS - 1
    expect(await isReady()).toBe(true)
    isRedisThere = false
    expect(await isReady()).toBe(false)
    isRedisThere = true
    now += 1
    expect(await isReady()).toBe(false)
  })
})
