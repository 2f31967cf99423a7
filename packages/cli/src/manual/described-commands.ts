import type { Argument, Command, Option } from 'commander'
import { COMMANDS } from '../command-table.ts'
import { createProgram } from '../program.ts'

/** A command as its manual and its completion show it. */
export interface DescribedCommand {
  /** `countersign keys create`. */
  readonly words: readonly string[]
  readonly description: string
  /** Behind the words: `[options] <name>`. */
  readonly usage: string
  /** What its first argument can be: words, or one of the schemes. */
  readonly argument: 'scheme' | readonly string[] | undefined
  readonly options: readonly DescribedOption[]
  /** What its help says below the options. */
  readonly more: string
  readonly commands: readonly DescribedCommand[]
}

export interface DescribedOption {
  readonly short: string | undefined
  readonly long: string
  /** As in the help: `-s, --scheme <name|file>`. */
  readonly flags: string
  readonly description: string
  /** Its heading in the help. */
  readonly group: string
  /** What its value is: undefined for a flag without one. */
  readonly value: 'file' | 'folder' | 'scheme' | 'text' | readonly string[] | undefined
  readonly variable: string | undefined
  readonly defaultValue: string | undefined
}

/** All commands, from the definitions that they run by. */
export async function describeCommands(): Promise<DescribedCommand> {
  return describeCommand(
    await createProgram(
      COMMANDS.map(({ name }) => name),
      () => undefined,
    ),
    [],
  )
}

function describeCommand(command: Command, above: readonly string[]): DescribedCommand {
  const words = [...above, command.name()]
  const help = command.createHelp()
  return {
    words,
    description: command.description(),
    usage: command.usage(),
    argument: kindOfArgument(command.registeredArguments[0]),
    options: help.visibleOptions(command).map(describeOption),
    more: helpBelowOptions(command),
    commands: command.commands.map(inner => describeCommand(inner, words)),
  }
}

function kindOfArgument(argument: Argument | undefined): DescribedCommand['argument'] {
  return argument?.name() === 'scheme' ? 'scheme' : argument?.argChoices
}

function describeOption(option: Option): DescribedOption {
  const { short, long = '', flags, description, helpGroupHeading = 'Options:', envVar, defaultValue } = option
  return {
    short: short ?? undefined,
    long,
    flags,
    description,
    group: helpGroupHeading.replace(/:$/, ''),
    value: option.argChoices ?? kindOfValue(flags),
    variable: envVar ?? undefined,
    defaultValue: typeof defaultValue === 'string' || typeof defaultValue === 'number' ? String(defaultValue) : undefined,
  }
}

function kindOfValue(flags: string): DescribedOption['value'] {
  const [, name] = /[<[](.+)[\]>]$/.exec(flags) ?? []
  if (name === undefined) return undefined
  if (flags.includes('--scheme ')) return 'scheme'
  if (/folder/.test(name)) return 'folder'
  return /file|path/.test(name) ? 'file' : 'text'
}

/** The examples, say: what was added behind the help that is made of the definitions. */
function helpBelowOptions(command: Command): string {
  let whole = ''
  const before = command.configureOutput()
  command.configureOutput({
    ...before,
    writeOut: text => {
      whole += text
    },
    getOutHelpWidth: () => 80,
  })
  command.outputHelp()
  const own = command.helpInformation()
  command.configureOutput(before)
  return whole.slice(own.length).trim()
}
