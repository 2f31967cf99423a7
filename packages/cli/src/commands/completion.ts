import { readFileSync } from 'node:fs'
import { Argument, type Command } from 'commander'
import { SHELLS } from '../manual/shells.ts'
import { type Done, EXIT } from '../process/exit.ts'
import { out } from '../process/streams.ts'

export function defineCompletion(command: Command, done: Done): void {
  command
    .addArgument(new Argument('<shell>', 'which one').choices(SHELLS))
    .addHelpText(
      'after',
      `
Examples:
  $ eval "$(countersign completion bash)"                                        # in ~/.bashrc
  $ eval "$(countersign completion zsh)"                                         # in ~/.zshrc, behind compinit
  $ countersign completion fish > ~/.config/fish/completions/countersign.fish`,
    )
    .action((shell: string) => {
      // Made when the command is built, so that a shell starts quickly.
      out(readFileSync(new URL(`./completions/${shell}`, import.meta.url)))
      done(EXIT.ok)
    })
}
