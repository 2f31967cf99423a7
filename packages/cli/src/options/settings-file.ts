import type { Command } from 'commander'

/** A file of settings, as a flag names it. */
export interface SettingsFile {
  readonly path: string
  /** The flags of the command that reads it, and the gateway's, by the names that settings like them would have. */
  readonly flags: ReadonlyMap<string, string>
}

/** A gateway's settings are read by other commands too. */
const OF_GATEWAY = [['workers', '--workers of countersign gateway']] as const

/** For the flag `--config`: so that a file which has a flag of this command among its settings is told what that is. */
export function settingsFileOf(command: Command): (path: string) => SettingsFile {
  return path => ({
    path,
    flags: new Map([
      ...OF_GATEWAY,
      ...command.options.map(option => [option.attributeName(), `${option.long ?? option.flags} of the command`] as const),
    ]),
  })
}
