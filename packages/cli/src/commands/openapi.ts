import type { Command } from 'commander'
import { openApiSecurity } from 'countersign'
import { EXIT } from '../process/exit.ts'
import { out } from '../process/streams.ts'
import { findScheme } from '../signing/find-scheme.ts'

export function addOpenApiCommand(program: Command, done: (code: number) => void): void {
  program
    .command('openapi')
    .description("print a scheme's security description for OpenAPI 3.1, as JSON")
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
