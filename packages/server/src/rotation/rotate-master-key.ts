import { type Actor, recorded } from '../audit/audit-log.ts'
import type { Database } from '../database/database.ts'
import { ServerError } from '../errors.ts'
import { withFileLock } from '../files/file-lock.ts'
import { dropLeftovers } from '../files/new-file.ts'
import { lineOf, masterKeysOfFile, readKeyLines, writeKeyLines } from '../seal/key-file.ts'
import { newMasterKey } from '../seal/master-keys.ts'
import { createSealer } from '../seal/sealer.ts'
import { type TransitKey, type Vault, vaultFromEnvironment } from '../seal/vault.ts'
import { type ResealProgress, resealAll } from './reseal.ts'

export interface RotationReport {
  readonly masterKeyId: string
  readonly resealed: number
  readonly resumed: boolean
}

export interface RotationOptions {
  readonly clock?: () => number
  readonly onProgress?: (progress: ResealProgress) => void
  /** Default: that of the environment. */
  readonly vault?: Vault
}

/**
 * Puts a new master key in front of the file, seals everything anew, and takes the old keys out. Broken off, it goes on
 * where it was: a file with more than one key says that a rotation is not done. What Vault wrapped stays wrapped.
 *
 * @throws ServerError `file-busy`, `master-key-missing`, `master-key-wrong`, what Vault's client throws
 */
export async function rotateMasterKey(
  database: Database,
  file: string,
  actor: Actor,
  options: RotationOptions = {},
): Promise<RotationReport> {
  return await withFileLock(file, () => rotate(database, file, actor, options))
}

async function rotate(
  database: Database,
  file: string,
  actor: Actor,
  { clock = Date.now, onProgress, vault = vaultFromEnvironment() }: RotationOptions,
): Promise<RotationReport> {
  dropLeftovers(file)
  const found = await readKeyLines(file, vault)
  const resumed = found.length > 1
  if (!resumed) writeKeyLines(file, [await lineOf(newMasterKey(), found[0]?.transit, vault), ...found])
  const keys = await masterKeysOfFile(file, vault)
  const sealer = createSealer(keys)
  const before = await resealAll(database.db, sealer, onProgress)
  const current = keys.current()
  const resealed = await recorded(database, actor, clock(), async transaction => {
    // Whoever seals does it in such a transaction: what was sealed with the old key meanwhile is all there now.
    const all = before + (await resealAll(transaction, sealer, onProgress))
    return { events: [{ action: 'master-key.rotate', organisationId: '', subject: current.id, detail: { resealed: all } }], value: all }
  })
  const lines = await readKeyLines(file, vault)
  writeKeyLines(
    file,
    lines.filter(({ key }) => key.id === current.id),
  )
  return { masterKeyId: current.id, resealed, resumed }
}

interface Wrapped {
  readonly masterKeyId: string
  readonly changed: boolean
}

/**
 * Has Vault wrap the keys of a file, anew where they are wrapped already; or writes them as they are.
 *
 * @param transit undefined: as they are
 * @returns `changed`: false where there was nothing to unwrap, and the file stayed
 * @throws ServerError `file-busy`, `master-key-missing`, `master-key-malformed`, what Vault's client throws
 */
export async function wrapMasterKeys(
  file: string,
  transit: TransitKey | undefined,
  vault: Vault = vaultFromEnvironment(),
): Promise<Wrapped> {
  return await withFileLock(file, () => wrap(file, transit, vault))
}

async function wrap(file: string, transit: TransitKey | undefined, vault: Vault): Promise<Wrapped> {
  dropLeftovers(file)
  const lines = await readKeyLines(file, vault)
  const masterKeyId = lines[0]?.key.id ?? ''
  if (transit === undefined && lines.every(line => line.transit === undefined)) return { masterKeyId, changed: false }
  const wrapped = await Promise.all(lines.map(({ key }) => lineOf(key, transit, vault)))
  // What can't be unwrapped again would be lost.
  if (transit !== undefined) {
    for (const { key, text } of wrapped) {
      const back = await vault.unwrap(transit, text.slice(text.indexOf('#') + 1))
      if (!Buffer.from(back).equals(Buffer.from(key.bytes)))
        throw new ServerError('vault-failed', 502, 'Vault unwraps something else than what it wrapped: the file stays as it is.')
    }
  }
  writeKeyLines(file, wrapped)
  return { masterKeyId, changed: true }
}
