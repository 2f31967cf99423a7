import { Command } from 'commander'
import { COMMANDS } from './command-table.ts'
import type { Done } from './process/exit.ts'
import { VERSION } from './process/version.ts'

const EXAMPLES = `
Start here:
  $ countersign tour                    what this is, in two minutes
  $ countersign sandbox                 an API to call, and a line to paste
  $ countersign send URL --profile prod a signed call
  $ countersign schemes                 what can be signed`

/**
 * The command, with the names of all that it has.
 *
 * @param defined those of which options and arguments are known as well
 */
export async function createProgram(defined: readonly (string | undefined)[], done: Done): Promise<Command> {
  const program = new Command('countersign')
    .description('Signed HTTP calls: sign them, send them, verify them, and see why they fail.')
    .version(VERSION)
    .configureHelp({ subcommandTerm: command => command.name() })
    .configureOutput({ outputError: (text, write) => write(text) })
    .showHelpAfterError('(--help shows the options)')
    .addHelpText('after', EXAMPLES)
  for (const entry of COMMANDS) {
    const command = program.command(entry.name).description(entry.description)
    if (!defined.includes(entry.name)) continue
    const define = await entry.load()
    define(command, done)
  }
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) command.exitOverride()
  return program
}
