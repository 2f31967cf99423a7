import { existsSync, lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import type { KeyView, ShownKey } from '@countersign/server/store'
import { UsageError } from '../process/exit.ts'
import { writeNewSecretFile } from '../process/files.ts'
import { out, tell } from '../process/streams.ts'
import { schemeReference } from '../signing/find-scheme.ts'
import { checkProfilesFolder, isProfileThere, readProfile, saveProfile } from '../signing/profiles.ts'
import { minuteOf } from '../text/minute.ts'
import type { JsonOption, ShownOptions } from './key-options.ts'

export function rowOf(key: KeyView): readonly string[] {
  const { id, name, state, scheme, permissions, lastUsedAt } = key
  return [id, name, state, scheme, permissions.join(' ') || '–', minuteOf(lastUsedAt)]
}

export function show(key: KeyView, { json }: JsonOption): void {
  if (json === true) {
    out(`${JSON.stringify(key)}\n`)
    return
  }
  const { secrets, publicKey, labels, permissions, addresses } = key
  const rows: readonly (readonly [string, string])[] = [
    ['id', key.id],
    ['name', key.name],
    ['organisation', key.organisationId],
    ['state', key.state],
    ['scheme', key.scheme],
    ['permissions', permissions.join(', ') || 'none'],
    ...(key.fundId === '' ? [] : [['fund', key.fundId] as const]),
    ...(key.walletId === '' ? [] : [['wallet', key.walletId] as const]),
    ['addresses', addresses.join(', ') || 'any'],
    ...Object.entries(labels).map(([name, value]) => ['label', `${name}=${value}`] as const),
    ['expires', key.expiresAt ?? 'never'],
    ...secrets.map(
      ({ id, createdAt, expiresAt }) => ['secret', `${id}, of ${createdAt}${expiresAt === null ? '' : `, ends ${expiresAt}`}`] as const,
    ),
    ...(publicKey === null ? [] : [['public key', 'countersign keys export-public prints it'] as const]),
    ['created', key.createdAt],
    ['updated', key.updatedAt],
    ['last used', key.lastUsedAt ?? 'never'],
  ]
  out(rows.map(([name, value]) => `${name.padEnd(12)}  ${value}\n`).join(''))
}

/**
 * Looks, before there is a secret that would be lost, whether it can be kept where the options say.
 *
 * @param id of a key that is there: a profile of its own is replaced
 * @throws UsageError `already-there`, `file-unwritable`, `folder-unusable`
 */
export function checkKept({ saveProfile: name, secretOut }: ShownOptions, id?: string): void {
  if (name !== undefined) {
    checkProfilesFolder()
    if (isProfileThere(name) && (id === undefined || readProfile(name).apiKey !== id))
      throw new UsageError(
        'already-there',
        `There is a profile ${name} already: give another name, or remove it with countersign profiles remove ${name}.`,
      )
  }
  if (secretOut !== undefined) checkSecretOut(secretOut)
}

/** @throws UsageError `file-unwritable`, before there is a secret that would be lost */
export function checkSecretOut(secretOut: string): void {
  const isThere = lstatSync(secretOut, { throwIfNoEntry: false }) !== undefined
  if (isThere || !existsSync(dirname(secretOut)))
    throw new UsageError(
      'file-unwritable',
      `The secret can't be written to ${secretOut}: ${isThere ? 'it is there already' : 'there is no such folder'}`,
    )
}

export function showSecret(shown: ShownKey, options: ShownOptions): void {
  const { key, secret, passphrase } = shown
  if (options.saveProfile !== undefined && secret !== null) {
    const file = saveProfile(options.saveProfile, {
      scheme: options.scheme === undefined ? key.scheme : schemeReference(options.scheme),
      apiKey: key.id,
      secret,
      ...(passphrase === null ? {} : { passphrase }),
    })
    tell(`saved to ${file}; use it with --profile ${options.saveProfile}`)
  }
  if (options.secretOut !== undefined && secret !== null) {
    writeNewSecretFile(options.secretOut, secret)
    tell(`the secret is in ${options.secretOut}`)
  }
  const isKept = (options.saveProfile ?? options.secretOut) !== undefined
  if (options.json === true) {
    out(`${JSON.stringify(isKept ? { ...shown, secret: null, passphrase: null } : shown)}\n`)
    return
  }
  const rows: readonly (readonly [string, string | null])[] = [
    ['key', key.id],
    ['secret', isKept ? null : secret],
    ['passphrase', isKept ? null : passphrase],
  ]
  for (const [name, value] of rows) if (value !== null) out(`${name.padEnd(10)}  ${value}\n`)
  if (secret !== null && !isKept) tell("The secret is shown this once: a lost one can't be recovered, only rotated.")
  const old = key.secrets.find(({ expiresAt }) => expiresAt !== null)
  if (old !== undefined) tell(`The old secret stays good until ${old.expiresAt}.`)
}
