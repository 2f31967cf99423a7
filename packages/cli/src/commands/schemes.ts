import type { Command } from 'commander'
import { describeScheme, isDeclared, type Scheme } from 'countersign'
import { SCHEMES } from 'countersign/schemes'
import { type Done, EXIT } from '../process/exit.ts'
import { out } from '../process/streams.ts'
import { findScheme } from '../signing/find-scheme.ts'
import { coverageRows, type Rows, schemeFacts } from '../text/coverage.ts'

export function defineSchemes(command: Command, done: Done): void {
  command
    .argument('[scheme]', 'a name, or the path of a declaration in JSON')
    .option('--json', 'the facts, what a signature covers, and the declaration, as JSON')
    .addHelpText(
      'after',
      `
A part of a request is covered exactly, up to spellings that share a signature, or not. A verifier refuses all but one of those spellings unless the
scheme or its owner accepts more, and takes parts that are not covered only as far as it is told.

Examples:
  $ countersign schemes
  $ countersign schemes qredo-v1
  $ countersign schemes stripe --json | jq .declaration`,
    )
    .action((name: string | undefined, options: { json?: boolean }) => {
      const chosen = name === undefined ? undefined : findScheme(name)
      if (options.json === true)
        out(`${JSON.stringify(chosen === undefined ? SCHEMES.map(schemeFacts) : schemeFacts(chosen), undefined, 2)}\n`)
      else if (chosen !== undefined) out(describe(chosen))
      else {
        const width = Math.max(...SCHEMES.map(scheme => scheme.name.length))
        for (const scheme of SCHEMES) out(`${scheme.name.padEnd(width)}  ${scheme.title}\n`)
      }
      done(EXIT.ok)
    })
}

function describe(scheme: Scheme): string {
  const { message, algorithm, key, timestamp, signature, carried, mistakes } = describeScheme(scheme)
  const rows: Rows = [
    ['name', scheme.name],
    ['title', scheme.title],
    ['follows', scheme.docs ?? '—'],
    ['algorithm', algorithm],
    ['key', key],
    ['message', isDeclared(scheme) ? JSON.stringify(message) : message],
    ['timestamp', timestamp],
    ...(isDeclared(scheme) ? [['nonce', scheme.declaration.nonce?.formats.join(', ') ?? 'none'] as const] : []),
    ['signature', signature],
    ...carried.map(({ in: place, name, holds }): [string, string] => [
      place,
      place === 'header' ? `${name}: ${holds}` : `${name}=${holds}`,
    ]),
    ...coverageRows(scheme),
    ...mistakes.map((mistake, index): [string, string] => [index === 0 ? 'mistakes' : '', mistake]),
  ]
  const width = Math.max(...rows.map(([label]) => label.length))
  return rows.map(([label, value]) => `${label.padEnd(width)} ${value}\n`).join('')
}
