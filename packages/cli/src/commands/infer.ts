import { type PastedRequest, readCurlLine, readCurlWords, readRawHttp } from '@countersign/pasted'
import type { Command } from 'commander'
import { inferInThreads } from '../infer/threads.ts'
import { readCount } from '../options/numbers.ts'
import { repeated } from '../options/repeated.ts'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { readBytesFile } from '../process/files.ts'
import { checkStandardInput, out, readStandardInput, tell } from '../process/streams.ts'
import { readBodyFile, readPastedText } from '../request/pasted.ts'
import { addKeyOptions, type CredentialOptions, resolveSecret } from '../signing/credentials.ts'
import { type Profile, readProfile } from '../signing/profiles.ts'

interface InferOptions extends CredentialOptions {
  readonly curl: readonly string[]
  readonly raw: readonly string[]
  readonly timeout?: string
  readonly threads?: string
  readonly json?: boolean
}

export function defineInfer(command: Command, done: Done): void {
  command
    .argument('[curl...]', 'a curl line after --')
    .optionsGroup('The examples, each signed right:')
    .option('--curl <line|@file|->', 'a curl line, pasted whole (repeatable)', repeated, [])
    .option('--raw <file|->', 'a request as it stood on the wire (repeatable)', repeated, [])
  addKeyOptions(command)
    .optionsGroup('The search:')
    .option('--timeout <seconds>', 'how long to search at most (default: 20)')
    .option('--threads <count>', 'how many cores to use (default: 2, where there are two)')
    .option('--json', '{"outcome":…,"declaration":…,"open":[…],"attempts":…}')
    .addHelpText(
      'after',
      `
Prints the declaration as JSON, ready for --scheme; what the examples leave open is told on standard error. It finds messages of up to five parts,
with one separator between them or several of the usual ones. The exit code is 0 when a declaration was found and 1 when none was.

Examples:
  $ countersign infer --secret-file s.txt -- curl 'https://api.example.com/v1/orders?a=1' \\
      -H 'x-key: AK1' -H 'x-time: 1647356399123' -H 'x-signature: …' > mine.json
  $ countersign infer -k AK1 --secret-file s.txt --curl @get.txt --curl @post.txt
  $ countersign send https://api.example.com/v1/orders --scheme ./mine.json -k AK1 --secret-file s.txt`,
    )
    .action(async (words: readonly string[], options: InferOptions) => {
      const profile: Partial<Profile> = options.profile === undefined ? {} : readProfile(options.profile)
      checkStandardInput(options.secretStdin === true, ...[...options.curl, ...options.raw].map(source => source === '-'))
      const requests = await readExamples(words, options)
      if (requests.length === 0) throw new UsageError('request-missing', 'Give an example: a curl line (--curl, or after --) or --raw.')
      const secret = await resolveSecret(options, profile)
      const keyId = options.apiKey ?? profile.apiKey
      const passphrase = options.passphrase ?? profile.passphrase
      const seconds = readCount(options.timeout, '--timeout')
      const { isTTY } = process.stderr
      const result = await inferInThreads(
        requests.map(request => ({ ...request, secret, keyId, passphrase })),
        {
          timeoutMs: seconds === undefined ? undefined : seconds * 1000,
          threads: readCount(options.threads, '--threads'),
          onProgress: ({ attempts, elapsedMs }) => {
            if (isTTY) process.stderr.write(`\r${attempts.toLocaleString('en')} messages tried, ${(elapsedMs / 1000).toFixed(0)} s`)
          },
        },
      )
      if (isTTY) process.stderr.write('\r\u001b[K')
      if (options.json === true) out(`${JSON.stringify(result)}\n`)
      else if (result.declaration !== undefined) {
        out(`${JSON.stringify(result.declaration, null, 2)}\n`)
        for (const choice of result.open) tell(`open: ${choice}`)
      } else
        tell(
          result.outcome === 'timed-out'
            ? `Not found in time (${result.attempts} messages tried): --timeout gives it longer, and another example or the key id (-k) makes the search smaller.`
            : `Not found (${result.attempts} messages tried): is it the secret of this very example, and the body byte for byte?`,
        )
      done(result.declaration === undefined ? EXIT.refused : EXIT.ok)
    })
}

async function readExamples(words: readonly string[], { curl, raw }: InferOptions): Promise<readonly PastedRequest[]> {
  const requests: PastedRequest[] = words.length === 0 ? [] : [readCurlWords(words, readBodyFile)]
  for (const source of curl) requests.push(readCurlLine(await readPastedText(source), readBodyFile))
  for (const source of raw) requests.push(readRawHttp(source === '-' ? await readStandardInput() : readBytesFile(source, 'request')))
  return requests
}
