import { createHash, randomBytes } from 'node:crypto'
import { ServerError } from '../errors.ts'
import { writeNewFile } from '../files/new-file.ts'

const MASTER_KEY_BYTES = 32

export interface MasterKey {
  /** Eight hexadecimal digits, made from the key; says nothing of it. */
  readonly id: string
  readonly bytes: Uint8Array
}

/** Where master keys come from. */
export interface MasterKeys {
  /**
   * Looks for changes, so that a rotation reaches a running server: before sealing, since what is sealed with a key
   * that has been taken out could never be opened again, and where something was sealed with a key that isn't known.
   * Left out: there are none.
   *
   * @throws what keeps a change from being looked into
   */
  readonly refresh?: (() => Promise<void>) | undefined
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

/** Words with white space or commas between them. @throws ServerError `master-key-missing` */
export function wordsOf(text: string, where: string): readonly string[] {
  const words = text.split(/[\s,]+/).filter(word => word !== '')
  if (words.length === 0) throw new ServerError('master-key-missing', 500, `There is no master key in ${where}.`)
  return words
}

/** A key as base64 or base64url. @throws ServerError `master-key-malformed` */
export function readMasterKey(word: string, where: string): MasterKey {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(word))
    throw new ServerError('master-key-malformed', 500, `${where} has a line that isn't base64 of ${MASTER_KEY_BYTES} bytes.`)
  return masterKeyOf(Buffer.from(word, 'base64url'))
}

export const MASTER_KEY_VARIABLE = 'COUNTERSIGN_MASTER_KEY'

/** A new file that only its owner can read; on a full disk there is none, not an empty one. */
export function createMasterKeyFile(file: string): void {
  writeNewFile(file, `${Buffer.from(newMasterKey().bytes).toString('base64url')}\n`)
}

export function newMasterKey(): MasterKey {
  return masterKeyOf(randomBytes(MASTER_KEY_BYTES))
}

export function keysOf(where: string, read: () => readonly MasterKey[]): MasterKeys {
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
