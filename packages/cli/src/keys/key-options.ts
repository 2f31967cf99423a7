import type { KeyChanges } from '@countersign/server/store'
import type { Command } from 'commander'
import { repeated } from '../options/repeated.ts'
import { UsageError } from '../process/exit.ts'
import { readTextFile } from '../process/files.ts'
import type { ManagerOptions } from './store-options.ts'

export interface JsonOption {
  readonly json?: boolean
}

export interface SettingOptions extends ManagerOptions, JsonOption {
  readonly name?: string
  readonly permission?: readonly string[]
  readonly address?: readonly string[]
  readonly label?: readonly string[]
  readonly fund?: string
  readonly wallet?: string
  readonly expires?: string
  readonly publicKeyFile?: string
}

export interface ShownOptions extends SettingOptions {
  readonly saveProfile?: string
  readonly secretOut?: string
}

export function addSettingOptions(command: Command): Command {
  return command
    .optionsGroup('The key:')
    .option('--permission <name>', 'what it may do (repeatable): of the permissions that --config or the server has, or any name', repeated)
    .option('--fund <id>', 'narrow it to one fund')
    .option('--wallet <id>', 'narrow it to one wallet')
    .option('--address <cidr>', 'from where it may be used (repeatable), IPv4 or IPv6', repeated)
    .option('--label <name=value>', 'anything to find it by (repeatable)', repeated)
    .option('--expires <moment>', 'a date or time in ISO 8601, or never')
}

/** For the commands that give a key its public key; another one later comes with `keys rotate`. */
export function addPublicKeyOption(command: Command, what = 'PEM file, for the schemes with key pairs'): Command {
  return command.option('--public-key-file <path>', what)
}

export function publicKeyOf({ publicKeyFile }: SettingOptions): string | undefined {
  return publicKeyFile === undefined ? undefined : readTextFile(publicKeyFile, 'public key')
}

export function settingsOf(options: SettingOptions): KeyChanges {
  const { permission, address, label, fund, wallet, expires } = options
  return {
    permissions: permission === undefined ? undefined : [...permission],
    addresses: address === undefined ? undefined : [...address],
    labels: label === undefined ? undefined : Object.fromEntries(label.map(readLabel)),
    fundId: fund,
    walletId: wallet,
    expiresAt: expires === undefined ? undefined : expires === 'never' ? null : momentOf(expires),
  }
}

function readLabel(text: string): [string, string] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined)
    throw new UsageError('label-malformed', `${JSON.stringify(text)} is not a label such as team=desk.`)
  return [name, value]
}

/** In ISO 8601. @throws UsageError `moment-malformed` */
export function momentOf(text: string): string {
  const ms = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms))
    throw new UsageError('moment-malformed', `${JSON.stringify(text)} is not a date such as 2027-01-01 or 2027-01-01T12:00:00Z.`)
  return new Date(ms).toISOString()
}

export function secondsOf(text: string): number {
  const [, count, unit = 's'] = /^(\d{1,8})([smhd])?$/.exec(text) ?? []
  if (count === undefined) throw new UsageError('time-malformed', `${JSON.stringify(text)} is not a duration such as 90s, 30m, 12h or 7d.`)
  return Number(count) * { s: 1, m: 60, h: 3600, d: 86_400 }[unit as 's']
}

/** Over HTTP and in the store alike, what is not said is left out. */
export function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T
}
