import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { ServerError } from '../errors.ts'
import { writeBeside, writeNewFile } from '../files/new-file.ts'

export const MASTER_KEY_BYTES = 32

export interface MasterKey {
  /** Eight hexadecimal digits, made from the key; says nothing of it. */
  readonly id: string
  readonly bytes: Uint8Array
}

/** Where master keys come from. Asked again for every use, so that a rotation reaches a running server. */
export interface MasterKeys {
  /** What is sealed with. */
  current(): MasterKey
  find(id: string): MasterKey | undefined
  /** For people: the file, or the environment variable. */
  readonly where: string
}

/** @throws ServerError `master-key-malformed` */
export function masterKeyOf(bytes: Uint8Array): MasterKey {
  if (bytes.length !== MASTER_KEY_BYTES)
    throw new ServerError('master-key-malformed', 500, `A master key is ${MASTER_KEY_BYTES} bytes; this one has ${bytes.length}.`)
  const id = createHash('sha256').update('countersign master key id').update(bytes).digest('hex').slice(0, 8)
  return { id, bytes }
}

/**
 * Keys written as base64 or base64url with white space or commas between them; the first is the current one, the others
 * open what was sealed before.
 *
 * @throws ServerError `master-key-malformed`, `master-key-missing`
 */
export function readMasterKeys(text: string, where: string): readonly MasterKey[] {
  const words = text.split(/[\s,]+/).filter(word => word !== '')
  if (words.length === 0) throw new ServerError('master-key-missing', 500, `There is no master key in ${where}.`)
  return words.map(word => {
    if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(word))
      throw new ServerError('master-key-malformed', 500, `${where} has a line that isn't base64 of ${MASTER_KEY_BYTES} bytes.`)
    return masterKeyOf(Buffer.from(word, 'base64url'))
  })
}

export const MASTER_KEY_VARIABLE = 'COUNTERSIGN_MASTER_KEY'

/** @throws ServerError `master-key-malformed`, `master-key-missing` */
export function masterKeysFromText(text: string, where: string): MasterKeys {
  return keysOf(where, () => readMasterKeys(text, where))
}

/**
 * Keys in a file, a line each. The file is read again when it has changed.
 *
 * @throws ServerError `master-key-missing`, `master-key-malformed`
 */
export function masterKeysFromFile(file: string): MasterKeys {
  let read: { readonly stamp: string; readonly keys: readonly MasterKey[] } | undefined
  const keys = keysOf(file, () => {
    if (!existsSync(file))
      throw new ServerError('master-key-missing', 500, `The master key file ${file} is not there: without it, no secret can be opened.`)
    const { mtimeMs, size, ino } = statSync(file)
    const stamp = `${mtimeMs} ${size} ${ino}`
    if (read?.stamp !== stamp) read = { stamp, keys: readMasterKeys(readFileSync(file, 'utf8'), file) }
    return read.keys
  })
  keys.current()
  return keys
}

/** A new file that only its owner can read; on a full disk there is none, not an empty one. */
export function createMasterKeyFile(file: string): void {
  writeNewFile(file, `${newMasterKey()}\n`)
}

/** Replaces the file's keys in one step. */
export function writeMasterKeyFile(file: string, keys: readonly MasterKey[]): void {
  const lines = keys.map(({ bytes }) => `${Buffer.from(bytes).toString('base64url')}\n`)
  writeBeside(file, lines.join('')).replace()
}

function newMasterKey(): string {
  return randomBytes(MASTER_KEY_BYTES).toString('base64url')
}

function keysOf(where: string, read: () => readonly MasterKey[]): MasterKeys {
  return {
    where,
    current() {
      const [first] = read()
      if (first === undefined) throw new ServerError('master-key-missing', 500, `There is no master key in ${where}.`)
      return first
    },
    find: id => read().find(key => key.id === id),
  }
}
