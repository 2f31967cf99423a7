import { type Command, CommanderError } from 'commander'
import { EXIT } from './process/exit.ts'
import { reportError } from './process/report.ts'
import { out, tell } from './process/streams.ts'
import { VERSION } from './process/version.ts'
import { createProgram } from './program.ts'
import { curlAdvice } from './sending/curl-flags.ts'

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
    const program = await createProgram([isHelp ? words[0] : first], exit => {
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
    if (error instanceof CommanderError) {
      const advice = args[0] === 'send' && error.exitCode !== 0 ? curlAdvice(args, unknownOption(error)) : undefined
      if (advice !== undefined) tell(advice)
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    }
    return reportError('countersign', error)
  }
}

/** The option that the command does not have, where that is what is wrong: commander says it in its message alone. */
function unknownOption({ code, message }: CommanderError): string | undefined {
  return code === 'commander.unknownOption' ? /'([^'=]+)/.exec(message)?.[1] : undefined
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
