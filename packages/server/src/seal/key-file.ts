import { existsSync, readFileSync, statSync } from 'node:fs'
import { ServerError } from '../errors.ts'
import { writeBeside } from '../files/new-file.ts'
import { keysOf, MASTER_KEY_VARIABLE, type MasterKey, type MasterKeys, masterKeyOf, readMasterKey, wordsOf } from './master-keys.ts'
import { type TransitKey, type Vault, vaultFromEnvironment } from './vault.ts'

/** A line of a master key file: a key as it is, or as Vault wrapped it. */
export interface KeyLine {
  readonly text: string
  readonly key: MasterKey
  /** What unwraps it. */
  readonly transit: TransitKey | undefined
}

const WRAPPED = /^vault:\/\/([A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)*)\/([A-Za-z0-9_.-]+)#(vault:v\d+:[A-Za-z0-9+/=]+)$/

/** Reads `transit/countersign`, the mount and the key. */
export function readTransitKey(text: string): TransitKey | undefined {
  const [, mount, name] = /^([A-Za-z0-9_.-]+(?:\/[A-Za-z0-9_.-]+)*)\/([A-Za-z0-9_.-]+)$/.exec(text) ?? []
  return mount === undefined || name === undefined ? undefined : { mount, name }
}

/** The line for a key. @throws ServerError what Vault's client throws */
export async function lineOf(key: MasterKey, transit: TransitKey | undefined, vault: Vault): Promise<KeyLine> {
  if (transit === undefined) return { text: Buffer.from(key.bytes).toString('base64url'), key, transit }
  const wrapped = await vault.wrap(transit, key.bytes)
  return { text: `vault://${transit.mount}/${transit.name}#${wrapped}`, key, transit }
}

/**
 * The keys of a file; the first is sealed with, the others open what was sealed before.
 *
 * @throws ServerError `master-key-missing`, `master-key-malformed`, what Vault's client throws
 */
export async function readKeyLines(file: string, vault: Vault): Promise<readonly KeyLine[]> {
  return linesOf(textOf(file), file, vault)
}

/** Replaces the file's lines in one step. */
export function writeKeyLines(file: string, lines: readonly KeyLine[]): void {
  writeBeside(file, textOfLines(lines)).replace()
}

export function textOfLines(lines: readonly KeyLine[]): string {
  return lines.map(({ text }) => `${text}\n`).join('')
}

/**
 * The master keys of a file. It is read again when it has changed. What Vault wrapped is unwrapped once; while Vault is
 * away, the keys that are known still open what was sealed with them; nothing is sealed by a file that has changed.
 *
 * @throws ServerError `master-key-missing`, `master-key-malformed`, what Vault's client throws
 */
export async function masterKeysOfFile(file: string, vault: Vault = vaultFromEnvironment()): Promise<MasterKeys> {
  let known: readonly KeyLine[] = []
  let seen = ''
  let reading: Promise<void> | undefined

  async function read(stamp: string): Promise<void> {
    known = await linesOf(textOf(file), file, vault, known)
    seen = stamp
  }

  /** Of one look at a time: many secrets may be opened at once. */
  async function refresh(): Promise<void> {
    const stamp = stampOf(file)
    if (stamp === seen) return
    reading ??= read(stamp).finally(() => {
      reading = undefined
    })
    await reading
  }

  await refresh()
  return {
    ...keysOf(file, () => known.map(({ key }) => key)),
    refresh,
  }
}

/** Master keys that are given as text, in {@link MASTER_KEY_VARIABLE}. @throws as {@link masterKeysOfFile} does */
export async function masterKeysOfText(text: string, vault: Vault = vaultFromEnvironment()): Promise<MasterKeys> {
  const lines = await linesOf(text, MASTER_KEY_VARIABLE, vault)
  return keysOf(MASTER_KEY_VARIABLE, () => lines.map(({ key }) => key))
}

async function linesOf(text: string, where: string, vault: Vault, known: readonly KeyLine[] = []): Promise<readonly KeyLine[]> {
  return Promise.all(
    wordsOf(text, where).map(async word => {
      const before = known.find(line => line.text === word)
      if (before !== undefined) return before
      const [, mount, name, wrapped] = WRAPPED.exec(word) ?? []
      if (mount === undefined || name === undefined || wrapped === undefined)
        return { text: word, key: readMasterKey(word, where), transit: undefined }
      const transit = { mount, name }
      return { text: word, key: masterKeyOf(await unwrapped(transit, wrapped, where, vault)), transit }
    }),
  )
}

/** @throws ServerError what Vault's client throws, with where the key is that Vault is asked for */
async function unwrapped(transit: TransitKey, wrapped: string, where: string, vault: Vault): Promise<Uint8Array> {
  try {
    return await vault.unwrap(transit, wrapped)
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    throw new ServerError(error.code, error.status, `Vault has wrapped the master key in ${where}. ${error.message}`, error.cause)
  }
}

function textOf(file: string): string {
  stampOf(file)
  return readFileSync(file, 'utf8')
}

function stampOf(file: string): string {
  if (!existsSync(file))
    throw new ServerError(
      'master-key-missing',
      500,
      `The master key file ${file} is not there: without it, no secret of a store can be opened. For a new store, make one with countersign master-key create.`,
    )
  const { mtimeMs, size, ino } = statSync(file)
  return `${mtimeMs} ${size} ${ino}`
}
