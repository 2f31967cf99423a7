import type { Command } from 'commander'
import { describeScheme, type Scheme } from 'countersign'
import { EXIT } from '../exit.ts'
import { findScheme, SCHEMES } from '../schemes.ts'
import { out } from '../streams.ts'

export function addSchemesCommand(program: Command, done: (code: number) => void): void {
  program
    .command('schemes')
    .description('list the signature schemes, or describe one')
    .argument('[name]', 'a name, or the path of a declaration in JSON')
    .option('--json', 'the declarations, as JSON')
    .addHelpText('after', '\nExamples:\n  $ countersign schemes\n  $ countersign schemes qredo-v1\n  $ countersign schemes stripe --json')
    .action((name: string | undefined, options: { json?: boolean }) => {
      const chosen = name === undefined ? undefined : findScheme(name)
      if (options.json === true) out(`${JSON.stringify(chosen === undefined ? SCHEMES.map(toJson) : toJson(chosen), undefined, 2)}\n`)
      else if (chosen !== undefined) out(describe(chosen))
      else {
        const width = Math.max(...SCHEMES.map(scheme => scheme.name.length))
        for (const scheme of SCHEMES) out(`${scheme.name.padEnd(width)}  ${scheme.title}\n`)
      }
      done(EXIT.ok)
    })
}

/** The declaration; of a scheme with logic, what there is to say. */
function toJson(scheme: Scheme): unknown {
  if (scheme.kind === 'declared') return scheme.declaration
  const { name, title, docs, keys, secret } = scheme
  return { name, title, docs, keys, secret, logic: true }
}

function describe(scheme: Scheme): string {
  const { message, algorithm, key, timestamp, signature, carried, mistakes } = describeScheme(scheme)
  const rows: [string, string][] = [
    ['name', scheme.name],
    ['title', scheme.title],
    ['follows', scheme.docs ?? '—'],
    ['algorithm', algorithm],
    ['key', key],
    ['message', scheme.kind === 'declared' ? JSON.stringify(message) : message],
    ['timestamp', timestamp],
    ['signature', signature],
    ...carried.map(({ in: place, name, value }): [string, string] => [
      place,
      place === 'header' ? `${name}: ${value}` : `${name}=${value}`,
    ]),
    ...mistakes.map((mistake, index): [string, string] => [index === 0 ? 'mistakes' : '', mistake]),
  ]
  return rows.map(([label, value]) => `${label.padEnd(10)} ${value}\n`).join('')
}
