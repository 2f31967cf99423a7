import { Command, CommanderError } from 'commander'
import { COMMANDS } from './command-table.ts'
import { type Done, EXIT } from './process/exit.ts'
import { reportError } from './process/report.ts'
import { out } from './process/streams.ts'
import { VERSION } from './process/version.ts'

const EXAMPLES = `
Start here:
  $ countersign tour                    what this is, in two minutes
  $ countersign sandbox                 an API to call, and a line to paste
  $ countersign send URL --profile prod a signed call
  $ countersign schemes                 what can be signed`

/** The command `countersign`. Resolves to the exit code; never throws. */
export async function runCountersign(args: readonly string[]): Promise<number> {
  if (['version', '--version', '-V'].includes(args[0] ?? '')) {
    out(`${VERSION}\n`)
    return EXIT.ok
  }
  let code: number = EXIT.ok
  try {
    const [first, ...words] = args
    const isHelp = first === 'help'
    const program = await createProgram(isHelp ? words[0] : first, exit => {
      code = exit
    })
    if (isHelp)
      showHelp(
        program,
        words.filter(word => !word.startsWith('-')),
      )
    else await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    return reportError('countersign', error)
  }
}

/** `help keys create`: the help of a command within a command. */
function showHelp(program: Command, words: readonly string[]): void {
  let command = program
  for (const word of words) {
    const inner = command.commands.find(candidate => candidate.name() === word)
    if (inner === undefined) command.error(`error: unknown command '${word}'`)
    else command = inner
  }
  command.outputHelp()
}

/** The command with all of its names, and what one of them takes. */
async function createProgram(name: string | undefined, done: Done): Promise<Command> {
  const program = new Command('countersign')
    .description('Signed HTTP calls: sign them, send them, verify them, and see why they fail.')
    .version(VERSION)
    .configureHelp({ subcommandTerm: command => command.name() })
    .configureOutput({ outputError: (text, write) => write(text) })
    .showHelpAfterError('(--help shows the options)')
    .addHelpText('after', EXAMPLES)
  for (const entry of COMMANDS) {
    const command = program.command(entry.name).description(entry.description)
    if (entry.name !== name) continue
    const define = await entry.load()
    define(command, done)
  }
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) command.exitOverride()
  return program
}
