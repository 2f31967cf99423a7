import type { Command } from 'commander'
import { openApiSecurity } from 'countersign'
import { type Done, EXIT } from '../process/exit.ts'
import { out } from '../process/streams.ts'
import { findScheme } from '../signing/find-scheme.ts'

export function defineOpenApi(command: Command, done: Done): void {
  command
    .argument('<scheme>', 'a scheme that countersign schemes lists, or the path of a declaration in JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ countersign openapi qredo-v1\n  $ countersign openapi ./mine.json | jq .components.securitySchemes',
    )
    .action((name: string) => {
      out(`${JSON.stringify(openApiSecurity(findScheme(name)), undefined, 2)}\n`)
      done(EXIT.ok)
    })
}
