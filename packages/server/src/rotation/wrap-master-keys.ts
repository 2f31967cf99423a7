import { ServerError } from '../errors.ts'
import { withFileLock } from '../files/file-lock.ts'
import { lineOf, readKeyLines, writeKeyLines } from '../seal/key-file.ts'
import { type TransitKey, type Vault, vaultFromEnvironment } from '../seal/vault.ts'

/**
 * Has Vault wrap the keys of a file, anew where they are wrapped already.
 *
 * @throws ServerError `file-busy`, `master-key-missing`, `master-key-malformed`, what Vault's client throws
 */
export async function wrapMasterKeys(
  file: string,
  transit: TransitKey,
  vault: Vault = vaultFromEnvironment(),
): Promise<{ readonly masterKeyId: string }> {
  return await withFileLock(file, async () => {
    const lines = await readKeyLines(file, vault)
    const wrapped = await Promise.all(lines.map(({ key }) => lineOf(key, transit, vault)))
    // What can't be unwrapped again would be lost.
    for (const { key, text } of wrapped) {
      const back = await vault.unwrap(transit, text.slice(text.indexOf('#') + 1))
      if (!Buffer.from(back).equals(Buffer.from(key.bytes)))
        throw new ServerError('vault-failed', 502, 'Vault unwraps something else than what it wrapped: the file stays as it is.')
    }
    writeKeyLines(file, wrapped)
    return { masterKeyId: lines[0]?.key.id ?? '' }
  })
}

/**
 * Writes the keys of a file as they are, in the place of what Vault wrapped.
 *
 * @returns `changed`: false where there was nothing to unwrap, and the file stayed
 * @throws as {@link wrapMasterKeys} does
 */
export async function unwrapMasterKeys(
  file: string,
  vault: Vault = vaultFromEnvironment(),
): Promise<{ readonly masterKeyId: string; readonly changed: boolean }> {
  return await withFileLock(file, async () => {
    const lines = await readKeyLines(file, vault)
    const changed = lines.some(({ transit }) => transit !== undefined)
    if (changed) writeKeyLines(file, await Promise.all(lines.map(({ key }) => lineOf(key, undefined, vault))))
    return { masterKeyId: lines[0]?.key.id ?? '', changed }
  })
}
