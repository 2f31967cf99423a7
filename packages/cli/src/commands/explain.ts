import { chooseEntry, type HarRequest, type PastedRequest, readCurlLine, readCurlWords, readHar, readRawHttp } from '@countersign/pasted'
import { type Command, Option } from 'commander'
import { carriesOf, type DeclaredScheme, isDeclared } from 'countersign'
import { explain } from 'countersign/explain'
import { DEFAULT_SCHEME_NAME } from 'countersign/schemes'
import { readCount } from '../options/numbers.ts'
import { repeated } from '../options/repeated.ts'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { readBytesFile, readTextFile } from '../process/files.ts'
import { checkStandardInput, out, readStandardInput, tell } from '../process/streams.ts'
import { readBodyFile, readPastedText } from '../request/pasted.ts'
import { readBody, readGivenHeaders } from '../request/request.ts'
import { addCredentialOptions, type CredentialOptions, resolveSecret } from '../signing/credentials.ts'
import { findScheme } from '../signing/find-scheme.ts'
import { type Profile, readProfile } from '../signing/profiles.ts'
import { writeExplanation } from '../text/explanation.ts'
import { showsColors } from '../text/paint.ts'

/** More than the library's: a person would rather wait a second than search by hand. */
const DEFAULT_ATTEMPTS = 200_000

interface ExplainOptions extends CredentialOptions {
  readonly data?: string
  readonly header: readonly string[]
  readonly headersFile?: string
  readonly curl?: string
  readonly har?: string
  readonly entry?: string
  readonly raw?: string
  readonly origin?: string
  readonly clientMessage?: string
  readonly otherSecretFile: readonly string[]
  readonly basePath?: string
  readonly maxAttempts?: string
  readonly color?: boolean
  readonly json?: boolean
}

export function defineExplain(command: Command, done: Done): void {
  command
    .argument('[request...]', 'method and URL as they were received; or a curl line after --')
    .optionsGroup('The request that failed:')
    .option('-H, --header <name: value>', 'a header (repeatable)', repeated, [])
    .option('--headers-file <path>', "the request's headers, one 'name: value' a line")
    .option('-d, --data <text|@file|->', 'the body as it was received')
    .option('--curl <line|@file|->', 'a curl line, pasted whole')
    .option('--har <file>', "a recording of a browser's network panel")
    .option('--entry <n>', 'which of its requests (default: the first signed one that was refused)')
    .option('--raw <file|->', 'the request as it stood on the wire: request line, headers, empty line, body')
    .option('--origin <origin>', 'where --raw has only a path and no Host, or http instead of https')
  addCredentialOptions(command)
    .optionsGroup('What is looked for:')
    .option('--other-secret-file <path>', 'another secret that the key has or had (repeatable)', repeated, [])
    .option('--client-message <text|@file>', 'what the client says it signed; then no secret is needed')
    .option('--base-path <path>', 'the part of the path that a proxy takes off')
    .option('--max-attempts <n>', 'how many messages to try at most (default: 200000, most of a second)')
    .optionsGroup('Output:')
    .addOption(new Option('--color', 'in colour (default: on a terminal, unless NO_COLOR is set)'))
    .option('--json', 'the explanation as JSON')
    .addHelpText(
      'after',
      `
The exit code is 0 when the cause was found, or there is none, and 1 when it was not found, or the request has no signature.
What is printed has the right signature in it: it is for the owner of the key.

Examples:
  $ countersign explain --secret-file s.txt -- curl -X POST 'https://api.example.com/v1/pay?x=1' \\
      -H 'qredo-api-key: 9Ogj' -H 'qredo-api-ts: 1647356399' -H 'qredo-api-sig: …' --data-raw '{"a":1}'
  $ pbpaste | countersign explain -p prod --curl -
  $ countersign explain -p prod --har network.har
  $ countersign explain -s stripe --secret-file whsec.txt --raw request.txt --json
  $ countersign explain GET https://api.example.com/v1/balance -H 'qredo-api-ts: 1647356399' \\
      --client-message '1647356399GET/v1/balance'`,
    )
    .action(async (words: readonly string[], options: ExplainOptions) => {
      const profile: Profile = options.profile === undefined ? { scheme: DEFAULT_SCHEME_NAME } : readProfile(options.profile)
      const scheme = findScheme(options.scheme ?? profile.scheme)
      if (!isDeclared(scheme))
        throw new UsageError(
          'scheme-not-declared',
          `The scheme ${scheme.name} has logic of its own, so no variants of its message are tried: countersign verify -s ${scheme.name}, with the same request, says what does not hold.`,
        )
      checkInput(options)
      const request = await readFailed(words, options, scheme)
      const secret = needsSecret(options, profile) ? await resolveSecret(options, profile) : undefined
      const explanation = await explain({
        scheme,
        request: { ...request, body: request.body },
        secret,
        otherSecrets: options.otherSecretFile.map(path => readTextFile(path, 'secret file').replace(/\r?\n$/, '')),
        keyId: options.apiKey ?? profile.apiKey,
        passphrase: options.passphrase ?? profile.passphrase,
        basePath: options.basePath,
        maxAttempts: readCount(options.maxAttempts, '--max-attempts') ?? DEFAULT_ATTEMPTS,
        clientMessage: options.clientMessage?.startsWith('@')
          ? readTextFile(options.clientMessage.slice(1), 'client message')
          : options.clientMessage,
      })
      out(options.json === true ? `${JSON.stringify(explanation)}\n` : writeExplanation(explanation, options.color ?? showsColors()))
      done(explanation.outcome === 'unexplained' || explanation.outcome === 'unsigned' ? EXIT.refused : EXIT.ok)
    })
}

function needsSecret({ clientMessage, secret, secretFile, secretStdin }: ExplainOptions, profile: Profile): boolean {
  if (clientMessage === undefined) return true
  return (secret ?? secretFile ?? process.env['COUNTERSIGN_SECRET'] ?? profile.secret) !== undefined || secretStdin === true
}

function checkInput({ secretStdin, curl, raw, data }: ExplainOptions): void {
  checkStandardInput(secretStdin === true, curl === '-', raw === '-', data === '-' || data === '@-')
}

async function readFailed(words: readonly string[], options: ExplainOptions, scheme: DeclaredScheme): Promise<PastedRequest> {
  const ways = [words.length > 0, options.curl !== undefined, options.har !== undefined, options.raw !== undefined].filter(Boolean)
  if (ways.length !== 1)
    throw new UsageError('request-missing', 'Give the request one way: method and URL, a curl line (--curl, or after --), --har, or --raw.')
  const request = await readPasted(words, options, scheme)
  return { ...request, headers: [...readGivenHeaders(options), ...request.headers] }
}

async function readPasted(words: readonly string[], options: ExplainOptions, scheme: DeclaredScheme): Promise<PastedRequest> {
  const { curl, har, raw, origin } = options
  if (curl !== undefined) return readCurlLine(await readPastedText(curl), readBodyFile)
  if (raw !== undefined) return readRawHttp(raw === '-' ? await readStandardInput() : readBytesFile(raw, 'request'), origin)
  if (har !== undefined) {
    const entry = chooseEntry(readHar(readTextFile(har, 'HAR file')), readCount(options.entry, '--entry'), one =>
      bearsSignature(scheme, one),
    )
    tell(`request ${entry.number} of the recording: ${entry.method} ${entry.url}`)
    return entry
  }
  const [first = '', second] = words
  if (words.some(word => /(^|\/)curl$/.test(word))) return readCurlWords(words, readBodyFile)
  if (words.length > 2) throw new UsageError('request-malformed', 'Give method and URL, and the rest as options.')
  const body = await readBody(options)
  const [method, url] = second === undefined ? [body === undefined ? 'GET' : 'POST', first] : [first, second]
  return { method, url, headers: [], body }
}

function bearsSignature(scheme: DeclaredScheme, { headers, url }: HarRequest): boolean {
  return carriesOf(scheme)
    .filter(({ holds }) => holds.includes('{signature'))
    .some(carrier =>
      carrier.in === 'query' ? new URL(url).searchParams.has(carrier.name) : headers.some(([name]) => name === carrier.name.toLowerCase()),
    )
}
