import type { Command } from 'commander'
import type { DeclaredScheme, Scheme } from 'countersign'
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
  const rows: [string, string][] = [
    ['name', scheme.name],
    ['title', scheme.title],
    ['follows', scheme.docs ?? '—'],
    [
      'key',
      scheme.keys === 'secret'
        ? describeSecret(scheme)
        : scheme.keys === 'key-pair'
          ? 'an RSA key pair in PEM'
          : `${describeSecret(scheme)}, or a key pair in PEM`,
    ],
    ...(scheme.kind === 'declared' ? describeDeclared(scheme) : []),
  ]
  return rows.map(([label, value]) => `${label.padEnd(10)} ${value}\n`).join('')
}

function describeSecret({ secret }: Scheme): string {
  return `a secret, in ${secret.encoding}${secret.prefix === '' ? '' : ` after ${secret.prefix}`}`
}

function describeDeclared({ declaration }: DeclaredScheme): [string, string][] {
  const { algorithm, timestamp, message, signature, headers = {}, query = {}, form = {} } = declaration
  return [
    ['algorithm', algorithm],
    ['message', JSON.stringify(message)],
    ['signature', signature.encoding],
    ['timestamp', timestamp === undefined ? 'none' : timestamp.formats.join(', ')],
    ...Object.entries(headers).map(([header, value]): [string, string] => [
      'header',
      `${header}: ${typeof value === 'string' ? value : `${value.prefix ?? ''}${value.items.join(value.separator)}`}`,
    ]),
    ...Object.entries(query).map(([parameter, value]): [string, string] => ['query', `${parameter}=${value}`]),
    ...Object.entries(form).map(([parameter, value]): [string, string] => ['body', `${parameter}=${value}`]),
  ]
}
