import { type Actor, recorded } from '../audit/audit-log.ts'
import type { Database } from '../database/database.ts'
import { errorCodeOf, ServerError } from '../errors.ts'
import { withFileLock } from '../files/file-lock.ts'
import { writeNewFile } from '../files/new-file.ts'
import { lineOf, masterKeysOfFile, readKeyLines, textOfLines, writeKeyLines } from '../seal/key-file.ts'
import { newMasterKey } from '../seal/master-keys.ts'
import { createSealer } from '../seal/sealer.ts'
import { type Vault, vaultFromEnvironment } from '../seal/vault.ts'
import { type ResealProgress, resealAll } from './reseal.ts'

export interface RotationReport {
  readonly masterKeyId: string
  /** Of the keys that were taken out: backups that were made before open with one of them alone. */
  readonly oldMasterKeyIds: readonly string[]
  readonly resealed: number
  readonly resumed: boolean
  /** Whether Vault has wrapped the new key, as it had the old one. */
  readonly wrapped: boolean
}

export interface RotationOptions {
  readonly clock?: () => number
  readonly onProgress?: (progress: ResealProgress) => void
  /** A new file for the keys that are taken out, written before anything is changed. Default: they are kept nowhere. */
  readonly keepOld?: string | undefined
  /** Default: that of the environment. */
  readonly vault?: Vault
}

/**
 * Puts a new master key in front of the file, seals everything anew, and takes the old keys out. Broken off, it goes on
 * where it was: a file with more than one key says that a rotation is not done. What Vault wrapped stays wrapped.
 *
 * @throws ServerError `file-busy`, `file-unwritable` (of `keepOld`), `master-key-missing`, `master-key-wrong`, what
 * Vault's client throws
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
  { clock = Date.now, onProgress, keepOld, vault = vaultFromEnvironment() }: RotationOptions,
): Promise<RotationReport> {
  const found = await readKeyLines(file, vault)
  const resumed = found.length > 1
  const old = resumed ? found.slice(1) : found
  if (keepOld !== undefined) keepIn(keepOld, textOfLines(old))
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
  return {
    masterKeyId: current.id,
    oldMasterKeyIds: old.map(({ key }) => key.id),
    resealed,
    resumed,
    wrapped: found[0]?.transit !== undefined,
  }
}

function keepIn(file: string, text: string): void {
  try {
    writeNewFile(file, text)
  } catch (error) {
    const code = errorCodeOf(error)
    const why = code === 'EEXIST' ? 'there is something of that name already' : (code ?? error)
    throw new ServerError(
      'file-unwritable',
      400,
      `The old master key can't be written to ${file} (${why}): nothing was changed. Give another path.`,
    )
  }
}
