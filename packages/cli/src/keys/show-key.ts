import type { KeyView, ShownKey } from '@countersign/server/store'
import { writeNewSecretFile } from '../process/files.ts'
import { out, tell } from '../process/streams.ts'
import { saveProfile } from '../signing/profiles.ts'
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

export function showSecret(shown: ShownKey, options: ShownOptions): void {
  const { key, secret, passphrase } = shown
  if (options.saveProfile !== undefined && secret !== null) {
    const file = saveProfile(options.saveProfile, {
      scheme: key.scheme,
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
