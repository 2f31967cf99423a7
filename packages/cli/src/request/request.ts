import { readHeaderLines } from '@countersign/pasted'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { ALLOWANCES, type Allowance, type SignableRequest, type SignerOptions, type TimestampFormat } from 'countersign'
import { repeated } from '../options/repeated.ts'
import { UsageError } from '../process/exit.ts'
import { readBytesFile, readTextFile } from '../process/files.ts'
import { checkStandardInput, readStandardInput } from '../process/streams.ts'
import { readUrl } from './url.ts'

export interface RequestOptions {
  readonly data?: string
  readonly header?: readonly string[]
  readonly timestamp?: string
  readonly unit?: string
  readonly nonce?: string
  readonly param?: readonly string[]
  readonly allow?: readonly Allowance[]
  readonly secretStdin?: boolean
  /** The URL is signed as it was typed. */
  readonly asTyped?: boolean
}

/** A token, RFC 9110 §5.6.2. */
const METHOD = /^[\w!#$%&'*+.^`|~-]+$/

const UNITS: { readonly [short: string]: TimestampFormat } = { s: 'seconds', ms: 'milliseconds', us: 'microseconds', ns: 'nanoseconds' }

/** The options that say what is signed. */
export function addRequestOptions(command: Command): Command {
  return command
    .argument('<method-or-url>', 'the method, or the URL alone: GET then, or POST with a body')
    .argument('[url]', 'the full URL, with its query')
    .optionsGroup('What is signed:')
    .option('-d, --data <text|@file|->', 'the body: text, @file, or - for standard input; sent byte for byte')
    .option('-H, --header <name: value>', 'a further header (repeatable)', repeated, [])
    .option('-t, --timestamp <time>', "the timestamp's own characters (default: now)")
    .addOption(new Option('-u, --unit <unit>', "unit of the timestamp (default: the scheme's first)").choices(Object.keys(UNITS)))
    .option('--nonce <nonce>', 'for the schemes that carry one')
    .addOption(allowOption('sign what verifiers refuse by default, such as body-on-get or ambiguous-request (repeatable)'))
    .option('--param <name=value>', "a scheme's parameter, such as region=eu-west-1 (repeatable)", repeated, [])
}

/** What is signed, or taken, although verifiers refuse it unless they are told. */
export function allowOption(description: string): Option {
  return new Option('--allow <what>', description).argParser(readAllowance).default([])
}

function readAllowance(text: string, all: readonly Allowance[]): readonly Allowance[] {
  const known = ALLOWANCES.find(name => name === text)
  if (known === undefined) throw new InvalidArgumentError(`It is one of ${ALLOWANCES.join(', ')}.`)
  return [...all, known]
}

/** What a signer is told by them. @throws UsageError `parameter-malformed` */
export function readSignerOptions(options: RequestOptions): SignerOptions {
  return { timestamp: readUnit(options), parameters: readParameters(options), allow: options.allow }
}

function readUnit(options: RequestOptions): TimestampFormat | undefined {
  return options.unit === undefined ? undefined : UNITS[options.unit]
}

/** `name=value` pairs. @throws UsageError `parameter-malformed` */
function readParameters({ param = [] }: RequestOptions): Record<string, string> {
  return Object.fromEntries(
    param.map(text => {
      const equals = text.indexOf('=')
      if (equals <= 0)
        throw new UsageError('parameter-malformed', `${JSON.stringify(text.slice(0, 40))} is not a parameter: write name=value.`)
      return [text.slice(0, equals), text.slice(equals + 1)]
    }),
  )
}

export async function readRequest(
  first: string,
  second: string | undefined,
  options: RequestOptions,
): Promise<SignableRequest & { method: string; url: string; headers: Record<string, string>; body: Uint8Array | undefined }> {
  const body = await readBody(options)
  const [method, url] = second === undefined ? [body === undefined ? 'GET' : 'POST', first] : [first, second]
  if (!METHOD.test(method))
    throw new UsageError(
      'method-malformed',
      `${JSON.stringify(method.slice(0, 40))} is not a method such as POST; a body is given with -d.`,
    )
  return {
    method: method.toUpperCase(),
    url: options.asTyped === true ? url : readUrl(url),
    body,
    headers: Object.fromEntries(readHeaderLines(options.header ?? [])),
    timestamp: options.timestamp,
    nonce: options.nonce,
  }
}

/**
 * The headers of a request that was received: those of `-H`, and the lines of a file. @throws PastedError
 * `header-malformed`
 */
export function readGivenHeaders({
  header = [],
  headersFile,
}: {
  readonly header?: readonly string[]
  readonly headersFile?: string
}): [string, string][] {
  const lines = headersFile === undefined ? [] : readTextFile(headersFile, 'headers file').split(/\r?\n/)
  return readHeaderLines([...header, ...lines.filter(line => line !== '')])
}

export async function readBody({ data, secretStdin }: Pick<RequestOptions, 'data' | 'secretStdin'>): Promise<Uint8Array | undefined> {
  if (data === undefined) return undefined
  if (data === '-' || data === '@-') {
    checkStandardInput(secretStdin === true, true)
    return readStandardInput()
  }
  return data.startsWith('@') ? readBytesFile(data.slice(1), 'body file') : new TextEncoder().encode(data)
}
