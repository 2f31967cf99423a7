import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { addAdminsCommand } from './commands/admins.ts'
import { addAuditCommand } from './commands/audit.ts'
import { addCodeCommand } from './commands/code.ts'
import { addExplainCommand } from './commands/explain.ts'
import { addGatewayCommand } from './commands/gateway.ts'
import { addInferCommand } from './commands/infer.ts'
import { addKeysCommand } from './commands/keys.ts'
import { addMasterKeyCommand } from './commands/master-key.ts'
import { addMigrationCommand } from './commands/migration.ts'
import { addOpenApiCommand } from './commands/openapi.ts'
import { addProfilesCommand } from './commands/profiles.ts'
import { addSandboxCommand } from './commands/sandbox.ts'
import { addSchemesCommand } from './commands/schemes.ts'
import { addSendCommand } from './commands/send.ts'
import { addServerCommand } from './commands/server.ts'
import { addSignCommand } from './commands/sign.ts'
import { addTourCommand } from './commands/tour.ts'
import { addUiCommand } from './commands/ui.ts'
import { addVerifyCommand } from './commands/verify.ts'
import { EXIT } from './process/exit.ts'
import { reportError } from './process/report.ts'

/** The command `countersign`. Resolves to the exit code; never throws. */
export async function runCountersign(args: readonly string[]): Promise<number> {
  let code: number = EXIT.ok
  const done = (exit: number): void => {
    code = exit
  }
  const program = new Command('countersign')
    .description('Signed HTTP calls: sign them, send them, verify them, and see why they fail.')
    .version(readVersion())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text) })
    .showHelpAfterError('(--help shows the options)')
    .addHelpText(
      'after',
      '\nStart here:\n  $ countersign tour                    what this is, in two minutes\n  $ countersign sandbox                 an API to call, and a line to paste\n  $ countersign send URL --profile prod a signed call\n  $ countersign schemes                 what can be signed',
    )
  for (const add of [
    addSendCommand,
    addSignCommand,
    addVerifyCommand,
    addExplainCommand,
    addInferCommand,
    addUiCommand,
    addSchemesCommand,
    addCodeCommand,
    addOpenApiCommand,
    addProfilesCommand,
    addSandboxCommand,
    addServerCommand,
    addKeysCommand,
    addAdminsCommand,
    addMasterKeyCommand,
    addGatewayCommand,
    addAuditCommand,
    addMigrationCommand,
    addTourCommand,
  ])
    add(program, done)
  for (const command of [...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) command.exitOverride()
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    return reportError('countersign', error)
  }
}

function readVersion(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return version
}
