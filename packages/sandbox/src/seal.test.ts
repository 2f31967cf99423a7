import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSealer, readMasterKey } from './seal.ts'

describe('createSealer', () => {
  const sealer = createSealer(randomBytes(32))

  it('opens what it sealed, and seals the same value differently every time', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.string(), (plain, owner) => {
        const sealed = sealer.seal(plain, owner)
        expect(new Uint8Array(sealer.open(sealed, owner))).toEqual(plain)
        expect(sealer.seal(plain, owner)).not.toBe(sealed)
      }),
    )
  })

  it('opens nothing for another owner, with another master key, or once a character was changed', () => {
    const sealed = sealer.seal(Buffer.from('secret'), 'a')
    expect(() => sealer.open(sealed, 'b')).toThrow()
    expect(() => createSealer(randomBytes(32)).open(sealed, 'a')).toThrow(/use the master key file that belongs to this database/)
    const at = sealed.length - 5
    expect(() => sealer.open(sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1), 'a')).toThrow()
    expect(() => sealer.open('v2.x.y', 'a')).toThrow(/unknown version/)
  })

  it('refuses a master key of another length', () => {
    expect(() => createSealer(randomBytes(16))).toThrow(/32 bytes/)
  })
})

describe('readMasterKey', () => {
  it('makes a file that only its owner can read, and reads it again', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'countersign-seal-')), 'master.key')
    const key = readMasterKey(file)
    expect(key).toHaveLength(32)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readMasterKey(file)).toEqual(key)
    expect(Buffer.from(readFileSync(file, 'utf8').trim(), 'base64url')).toEqual(key)
  })
})
