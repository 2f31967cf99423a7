import type { Command } from 'commander'

/** A file of settings, as a flag names it. */
export interface SettingsFile {
  readonly path: string
  /** The flags of the command that reads it, by the names that settings of the same kind would have. */
  readonly flags: ReadonlyMap<string, string>
}

/** For the flag `--config`: so that a file which has a flag of this command among its settings is told what that is. */
export function settingsFileOf(command: Command): (path: string) => SettingsFile {
  return path => ({ path, flags: new Map(command.options.map(option => [option.attributeName(), option.long ?? option.flags])) })
}
