import type { Command } from 'commander'
import type { Scheme } from 'countersign'
import { EXIT } from '../exit.ts'
import { findScheme, SCHEMES } from '../schemes.ts'
import { out } from '../streams.ts'

export function addSchemesCommand(program: Command, done: (code: number) => void): void {
  program
    .command('schemes')
    .description('list the signature schemes, or describe one')
    .argument('[name]')
    .option('--json', 'the declarations, as JSON')
    .addHelpText('after', '\nExamples:\n  $ countersign schemes\n  $ countersign schemes qredo-v1\n  $ countersign schemes stripe --json')
    .action((name: string | undefined, options: { json?: boolean }) => {
      const chosen = name === undefined ? undefined : findScheme(name)
      if (options.json === true) out(`${JSON.stringify(chosen?.declaration ?? SCHEMES.map(scheme => scheme.declaration), undefined, 2)}\n`)
      else if (chosen !== undefined) out(describe(chosen))
      else {
        const width = Math.max(...SCHEMES.map(scheme => scheme.name.length))
        for (const scheme of SCHEMES) out(`${scheme.name.padEnd(width)}  ${scheme.title}\n`)
      }
      done(EXIT.ok)
    })
}

function describe({ name, title, declaration }: Scheme): string {
  const { docs, algorithm, secret, timestamp, message, signature, headers = {}, query = {} } = declaration
  const rows: [string, string][] = [
    ['name', name],
    ['title', title],
    ['follows', docs ?? '—'],
    ['algorithm', algorithm],
    ['message', typeof message === 'string' ? JSON.stringify(message) : JSON.stringify(message)],
    [
      'secret',
      algorithm.startsWith('hmac')
        ? `${secret?.encoding ?? 'utf8'}${secret?.prefix === undefined ? '' : `, after ${secret.prefix}`}`
        : 'an RSA key in PEM',
    ],
    ['signature', signature.encoding],
    ['timestamp', timestamp === undefined ? 'none: a replay can not be told from a second delivery' : timestamp.formats.join(', ')],
    ...Object.entries(headers).map(([header, value]): [string, string] => [
      `header`,
      `${header}: ${typeof value === 'string' ? value : `${value.prefix ?? ''}${value.items.join(value.separator)}`}`,
    ]),
    ...Object.entries(query).map(([parameter, value]): [string, string] => ['query', `${parameter}=${value}`]),
  ]
  return rows.map(([label, value]) => `${label.padEnd(10)} ${value}\n`).join('')
}
