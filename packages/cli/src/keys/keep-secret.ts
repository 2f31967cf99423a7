import type { ShownKey } from '@countersign/server/store'
import { writeNewSecretFile } from '../process/files.ts'
import { tell } from '../process/streams.ts'
import { type Profile, writeProfile } from '../signing/profiles.ts'
import type { ShownOptions } from './key-options.ts'

/**
 * Keeps a secret where the options say, then makes it count: so a full disk or an end in between loses no secret that
 * counts. What was kept goes away again where the store refuses; where nobody knows whether it did, it stays.
 *
 * @param commit stores the key with this secret
 */
export async function keptFirst(
  { saveProfile: name, secretOut }: Pick<ShownOptions, 'saveProfile' | 'secretOut'>,
  profile: Profile & { readonly secret: string },
  commit: () => Promise<ShownKey>,
): Promise<ShownKey> {
  const own = name === undefined ? undefined : writeProfile(name, profile)
  let removeFile: (() => void) | undefined
  try {
    if (secretOut !== undefined) removeFile = writeNewSecretFile(secretOut, profile.secret)
  } catch (error) {
    own?.written.drop()
    throw error
  }
  let shown: ShownKey
  try {
    shown = await commit()
  } catch (error) {
    if (isRefusal(error)) {
      own?.written.drop()
      removeFile?.()
    } else {
      const file = secretOut ?? own?.written.temporary
      if (secretOut !== undefined) own?.written.drop()
      tell(`It is not known whether the new secret counts. It stays in ${file}; compare with: countersign keys show ${profile.apiKey}`)
    }
    throw error
  }
  own?.written.replace()
  if (own !== undefined) tell(`saved to ${own.file}; use it with --profile ${name}`)
  if (secretOut !== undefined) tell(`the secret is in ${secretOut}`)
  return shown
}

/** The store or the server said no; SQLite, that nothing was written. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('status' in error && typeof error.status === 'number') return error.status < 500
  return 'code' in error && String(error.code).startsWith('SQLITE_')
}
