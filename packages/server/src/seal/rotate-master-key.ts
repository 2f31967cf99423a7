import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Actor, recorded } from '../audit/audit-log.ts'
import type { Database } from '../database/database.ts'
import { MASTER_KEY_BYTES, masterKeyOf, masterKeysFromFile, readMasterKeys, writeMasterKeyFile } from './master-keys.ts'
import { type ResealProgress, resealAll } from './reseal.ts'
import { createSealer } from './sealer.ts'

export interface RotationReport {
  readonly masterKeyId: string
  readonly resealed: number
  readonly resumed: boolean
}

/**
 * Puts a new master key in front of the file, seals everything anew, and takes the old keys out. Broken off, it goes on
 * where it was: a file with more than one key says that a rotation is not done.
 *
 * @throws ServerError `master-key-missing`, `master-key-wrong`
 */
export async function rotateMasterKey(
  database: Database,
  file: string,
  actor: Actor,
  { clock = Date.now, onProgress }: { readonly clock?: () => number; readonly onProgress?: (progress: ResealProgress) => void } = {},
): Promise<RotationReport> {
  const before = readMasterKeys(readFileSync(file, 'utf8'), file)
  const resumed = before.length > 1
  if (!resumed) writeMasterKeyFile(file, [masterKeyOf(randomBytes(MASTER_KEY_BYTES)), ...before])
  const keys = masterKeysFromFile(file)
  const sealer = createSealer(keys)
  let resealed = await resealAll(database.db, sealer, onProgress)
  // A server that read the file just before may have sealed with the old key meanwhile.
  for (let again = 1; again > 0; resealed += again) again = await resealAll(database.db, sealer, onProgress)
  const current = keys.current()
  await recorded(database, actor, clock(), async () => ({
    events: [{ action: 'master-key.rotate', organisationId: '', subject: current.id, detail: { resealed } }],
    value: undefined,
  }))
  writeMasterKeyFile(file, [current])
  return { masterKeyId: current.id, resealed, resumed }
}
