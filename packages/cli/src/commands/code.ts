import { readHeaderLines } from '@countersign/pasted'
import type { Command } from 'commander'
import { isDeclared } from 'countersign'
import { codeSample, LANGUAGES, sampleRequest } from 'countersign/code'
import { repeated } from '../options/repeated.ts'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { readTextFile } from '../process/files.ts'
import { out } from '../process/streams.ts'
import type { RequestOptions } from '../request/request.ts'
import { findScheme } from '../signing/find-scheme.ts'

interface CodeOptions extends Pick<RequestOptions, 'data' | 'header'> {
  readonly lang: string
  readonly method?: string
  readonly url?: string
}

export function defineCode(command: Command, done: Done): void {
  command
    .argument('<scheme>', 'a scheme that countersign schemes lists, or the path of a declaration in JSON')
    .option('-l, --lang <language>', LANGUAGES.map(({ name }) => name).join(', '), 'curl')
    .option('-X, --method <method>', 'default: one that the scheme takes, or POST with a body')
    .option('--url <url>', 'the full URL, with its query (default: an example)')
    .option('-d, --data <text|@file>', 'the body')
    .option('-H, --header <name: value>', 'a further header, for the schemes that sign some (repeatable)', repeated, [])
    .addHelpText(
      'after',
      `
The program has nothing to install. It takes API_KEY, API_SECRET, API_PASSPHRASE and PRIVATE_KEY_FILE from the
environment, as far as the scheme wants them, prints the answer, and ends with another code than 0 when that is not 2xx.

Examples:
  $ countersign code qredo-v1 --lang python --url https://api.qredo.network/qapi/v1/balance > balance.py
  $ countersign code stripe --lang curl -d '{"id":"evt_1"}' --url https://example.com/hook | bash
  $ countersign code ./mine.json --lang go -d @order.json`,
    )
    .action((name: string, options: CodeOptions) => {
      const scheme = findScheme(name)
      if (!isDeclared(scheme))
        throw new UsageError(
          'no-sample',
          `The scheme ${name} has logic of its own, so no sample can be derived from its declaration: use the library, or countersign sign --curl.`,
        )
      // What is left out is such that a verifier takes the call without options.
      const sample = sampleRequest(scheme)
      const given = options.data?.startsWith('@') ? readTextFile(options.data.slice(1), 'body file') : options.data
      const isChosen = options.method !== undefined || given !== undefined
      out(
        codeSample(scheme, options.lang, {
          method: options.method ?? (given === undefined ? sample.method : 'POST'),
          url: options.url ?? sample.url,
          body: isChosen ? given : sample.body,
          headers: Object.fromEntries(readHeaderLines(options.header ?? [])),
        }),
      )
      done(EXIT.ok)
    })
}
