import { parseArgs } from 'node:util'
import { createSigner, type Signer, signedFetch } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { serveUi } from './commands/ui.ts'
import { EXIT, UsageError } from './process/exit.ts'
import { answered } from './process/no-answer.ts'
import { reportError } from './process/report.ts'
import { out, readStandardInput, tell } from './process/streams.ts'
import { signAsTyped, type TypedCall } from './signing/as-typed.ts'

const USAGE = `Usage: apitool [options] sign|send|ui

Options:
  -api-key string
        API key
  -method string
        HTTP method to be used
  -port string
        Port to listen to for the web ui (default "4569")
  -secret string
        API Secret
  -timestamp string
        Timestamp to be used
  -url string
        URL Path to be used

The line of the Qredo API tool, kept as it was. What it does and more: countersign --help
`

const FLAGS = ['api-key', 'secret', 'method', 'url', 'timestamp', 'port'] as const

type Flags = { readonly [F in (typeof FLAGS)[number]]?: string }

/** The command line of Qredo's Go tool, flags with one dash and all. Resolves to the exit code; never throws. */
export async function runApitool(args: readonly string[]): Promise<number> {
  const command = args.at(-1)
  try {
    if (command === undefined) {
      tell(USAGE)
      return EXIT.refused
    }
    const flags = readFlags(args.slice(0, -1))
    switch (command) {
      case 'sign':
        return await sign(flags)
      case 'send':
        return await send(flags)
      case 'ui':
        return await serveUi(flags.port)
      default:
        tell(command.includes('help') || command === '-h' ? USAGE : `apitool: no command: the last word is sign, send or ui\n\n${USAGE}`)
        return EXIT.refused
    }
  } catch (error) {
    return reportError('apitool', error)
  }
}

/** Like the old tool, this signs a path alone, or no URL at all. */
async function sign(flags: Flags): Promise<number> {
  const read = await readCall(flags)
  const { keyId, secret, ...call } = read
  const isWhole = /^https?:\/\//.test(call.url)
  const headers: { readonly [name: string]: string } = isWhole
    ? createCallSigner(read).sign(call).headers
    : signAsTyped({ keyId, secret, allowShortSecret: true }, call)
  for (const name of ['qredo-api-sig', 'qredo-api-key', 'qredo-api-ts']) out(`${name}: ${headers[name] ?? ''}\n`)
  return EXIT.ok
}

/** Like the old tool, this ends with 0 whatever the server answers; the status is on standard error. */
async function send(flags: Flags): Promise<number> {
  const call = await readCall(flags)
  const { timestamp } = call
  const signer = createCallSigner(call)
  const signed = signer.sign(call)
  const fetch = signedFetch(
    { ...signer, signAsync: call => signer.signAsync({ ...call, timestamp }) },
    { fetch: (input, init) => answered(globalThis.fetch(input, init)) },
  )
  const response = await fetch(signed.url, {
    method: signed.method,
    body: signed.body ?? null,
  })
  out(`\n${await answered(response.text())}\n`)
  if (!response.ok) tell(`HTTP ${response.status} ${response.statusText}`)
  return EXIT.ok
}

interface CallOfFlags extends TypedCall {
  readonly keyId: string
  readonly secret: string
}

async function readCall(flags: Flags): Promise<CallOfFlags> {
  const { method = '', url, secret = '' } = flags
  const keyId = (flags['api-key'] ?? '').trim()
  const missing = [method === '' && '-method', url === undefined && '-url', keyId === '' && '-api-key', secret === '' && '-secret'].filter(
    flag => flag !== false,
  )
  if (missing.length > 0) throw new UsageError('flag-missing', `${missing.join(', ')} missing, see apitool --help`)
  tell('warning: a secret on the command line can be seen by other users; countersign takes it from the environment, a file or a profile')
  const timestamp = flags.timestamp?.trim() || String(Math.floor(Date.now() / 1000))
  const body = ['POST', 'PUT', 'PATCH'].includes(method) ? await readBody() : undefined
  return { keyId, secret, method, url: url ?? '', body, timestamp }
}

/** The old tool takes a secret of any length, and every body. */
function createCallSigner({ keyId, secret }: CallOfFlags): Signer {
  return createSigner(
    qredoV1,
    { keyId, secret, allowShortSecret: true },
    { timestamp: 'seconds', allow: ['body-on-get', 'ambiguous-request'] },
  )
}

async function readBody(): Promise<Uint8Array | undefined> {
  if (process.stdin.isTTY) tell('body (hit Ctrl+D, twice if it has no trailing new line, to end):')
  const body = await readStandardInput()
  return body.length === 0 ? undefined : body
}

/** Flags as Go's flag package reads them: one dash or two, the value behind `=` or in the next word. */
function readFlags(args: readonly string[]): Flags {
  const options = Object.fromEntries(FLAGS.map(flag => [flag, { type: 'string' as const }]))
  const doubled = args.map(arg =>
    /^-[a-z]/.test(arg) && FLAGS.some(flag => arg === `-${flag}` || arg.startsWith(`-${flag}=`)) ? `-${arg}` : arg,
  )
  // A value may begin with a dash (a secret or a key id in base64url), so it is joined to its flag.
  const joined: string[] = []
  for (let index = 0; index < doubled.length; index++) {
    const arg = doubled[index] ?? ''
    if (FLAGS.some(flag => arg === `--${flag}`)) joined.push(`${arg}=${args[++index] ?? ''}`)
    else joined.push(arg)
  }
  try {
    return parseArgs({ args: joined, options, allowPositionals: false }).values
  } catch (error) {
    throw new UsageError('flag-unknown', error instanceof Error ? error.message : String(error))
  }
}
