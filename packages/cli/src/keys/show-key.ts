import { existsSync, lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import { endOfKey } from '@countersign/server/key-end'
import type { KeyDay, KeyView, ShownKey } from '@countersign/server/store'
import { UsageError } from '../process/exit.ts'
import { out, tell } from '../process/streams.ts'
import { checkProfilesFolder, isProfileThere, readProfile } from '../signing/profiles.ts'
import { minuteOf } from '../text/minute.ts'
import type { JsonOption, ShownOptions } from './key-options.ts'

export function rowOf(key: KeyView, now: number): readonly string[] {
  const { id, name, scheme, permissions, lastUsedAt } = key
  const state = [key.state, endOfKey(key, now)].filter(text => text !== undefined).join(', ')
  return [id, name, state, scheme, permissions.join(' ') || '–', minuteOf(lastUsedAt)]
}

/** @param days on which it was used or refused, where they are shown too */
export function show(key: KeyView, { json }: JsonOption, days?: readonly KeyDay[]): void {
  if (json === true) {
    out(`${JSON.stringify(days === undefined ? key : { ...key, days })}\n`)
    return
  }
  const { secrets, publicKey, publicKeys, labels, permissions, addresses } = key
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
    ...secrets.map(one => ['secret', credentialText(one)] as const),
    ...publicKeys.map(one => ['public key', credentialText(one)] as const),
    ...(publicKey === null ? [] : [['', 'countersign keys export-public prints the newest'] as const]),
    ['created', key.createdAt],
    ['updated', key.updatedAt],
    ['last used', key.lastUsedAt ?? 'never'],
    ...(days ?? []).map(({ day, calls, refusals }) => ['used', `${day}: ${calls} calls, ${refusals} refused`] as const),
  ]
  out(rows.map(([name, value]) => `${name.padEnd(12)}  ${value}\n`).join(''))
}

function credentialText({ id, createdAt, expiresAt, lastUsedAt }: KeyView['secrets'][number]): string {
  const use = lastUsedAt === null ? 'not used yet' : `last used ${lastUsedAt}`
  return `${id}, of ${createdAt}, ${use}${expiresAt === null ? '' : `, ends ${expiresAt}`}`
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

/** Shows a key with its secret, but for what was kept elsewhere. */
export function showSecret(shown: ShownKey, options: ShownOptions): void {
  const { key, secret, passphrase } = shown
  const isKept = (options.saveProfile ?? options.secretOut) !== undefined
  // A file of a secret has no room for it.
  const shownPassphrase = options.saveProfile === undefined ? passphrase : null
  if (options.json === true) {
    out(`${JSON.stringify({ ...shown, secret: isKept ? null : secret, passphrase: shownPassphrase })}\n`)
    return
  }
  const rows: readonly (readonly [string, string | null])[] = [
    ['key', key.id],
    ['secret', isKept ? null : secret],
    ['passphrase', shownPassphrase],
  ]
  for (const [name, value] of rows) if (value !== null) out(`${name.padEnd(10)}  ${value}\n`)
  if (secret !== null && !isKept) tell("The secret is shown this once: a lost one can't be recovered, only rotated.")
  const old = [...key.secrets, ...key.publicKeys].find(({ expiresAt }) => expiresAt !== null)
  if (old !== undefined) tell(`The old one stays good until ${old.expiresAt}.`)
}
