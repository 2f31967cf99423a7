import { type Actor, recorded } from '../audit/audit-log.ts'
import type { Database } from '../database/database.ts'
import { ServerError } from '../errors.ts'
import { lineOf, masterKeysOfFile, readKeyLines, writeKeyLines } from './key-file.ts'
import { newMasterKey } from './master-keys.ts'
import { type ResealProgress, resealAll } from './reseal.ts'
import { createSealer } from './sealer.ts'
import { type TransitKey, type Vault, vaultFromEnvironment } from './vault.ts'

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
 * @throws ServerError `master-key-missing`, `master-key-wrong`, what Vault's client throws
 */
export async function rotateMasterKey(
  database: Database,
  file: string,
  actor: Actor,
  { clock = Date.now, onProgress, vault = vaultFromEnvironment() }: RotationOptions = {},
): Promise<RotationReport> {
  const before = await readKeyLines(file, vault)
  const resumed = before.length > 1
  if (!resumed) writeKeyLines(file, [await lineOf(newMasterKey(), before[0]?.transit, vault), ...before])
  const keys = await masterKeysOfFile(file, vault)
  const sealer = createSealer(keys)
  let resealed = await resealAll(database.db, sealer, onProgress)
  // A server that read the file just before may have sealed with the old key meanwhile.
  for (let again = 1; again > 0; resealed += again) again = await resealAll(database.db, sealer, onProgress)
  const current = keys.current()
  await recorded(database, actor, clock(), async () => ({
    events: [{ action: 'master-key.rotate', organisationId: '', subject: current.id, detail: { resealed } }],
    value: undefined,
  }))
  const lines = await readKeyLines(file, vault)
  writeKeyLines(
    file,
    lines.filter(({ key }) => key.id === current.id),
  )
  return { masterKeyId: current.id, resealed, resumed }
}

/**
 * Has Vault wrap the keys of a file, anew where they are wrapped already; or writes them as they are.
 *
 * @param transit undefined: as they are
 * @returns `changed`: false where there was nothing to unwrap, and the file stayed
 * @throws ServerError `master-key-missing`, `master-key-malformed`, what Vault's client throws
 */
export async function wrapMasterKeys(
  file: string,
  transit: TransitKey | undefined,
  vault: Vault = vaultFromEnvironment(),
): Promise<{ readonly masterKeyId: string; readonly changed: boolean }> {
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
