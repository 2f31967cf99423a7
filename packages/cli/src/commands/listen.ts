import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { CHECK_CONNECTIONS_MS, HEADERS_TIMEOUT_MS } from '@countersign/server/proxying'
import type { Command } from 'commander'
import type { Allowance, Scheme } from 'countersign'
import { DEFAULT_SCHEME_NAME } from 'countersign/schemes'
import { createCheck, signsHost, signsPath } from '../listen/check.ts'
import { entryJson, entryText } from '../listen/entry-text.ts'
import { createRefusedExplainer } from '../listen/explain-refused.ts'
import type { ForwardTarget } from '../listen/forward.ts'
import { createListener, type Entry } from '../listen/listener.ts'
import { LISTEN_PORT } from '../listen/port.ts'
import { createRedaction } from '../listen/redact.ts'
import { readNumber, readPort, readSeconds } from '../options/numbers.ts'
import { repeated } from '../options/repeated.ts'
import { goOnWithBrokenOutput } from '../process/broken-output.ts'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { startOn } from '../process/start-on.ts'
import { out, tell } from '../process/streams.ts'
import { untilStopped } from '../process/until-stopped.ts'
import { allowOption } from '../request/request.ts'
import { readUrl } from '../request/url.ts'
import { addVerificationOptions } from '../signing/credentials.ts'
import { findScheme } from '../signing/find-scheme.ts'
import { type Profile, readProfile } from '../signing/profiles.ts'
import { readVerificationKey, type VerificationKeyOptions } from '../signing/verification-key.ts'
import { showsColors } from '../text/paint.ts'

interface ListenOptions extends VerificationKeyOptions {
  readonly forwardTo?: string
  readonly forwardUnverified?: boolean
  readonly timeout: string
  readonly port: string
  readonly host: string
  readonly origin?: readonly string[]
  readonly allow: readonly Allowance[]
  readonly maxBody: string
  readonly print?: boolean
  readonly json?: boolean
}

/** 5 MiB: most providers stay under one; GitHub sends up to 25 MB. */
const DEFAULT_MAX_BODY_BYTES = '5242880'
const MOST_BODY_BYTES = 67_108_864

const MAX_CONNECTIONS = 256
const REQUEST_TIMEOUT_MS = 30_000

export function defineListen(command: Command, done: Done): void {
  command
    .optionsGroup('Where verified requests go:')
    .option('--forward-to <url>', 'what gets them, such as :3000/hook (default: nothing; they are answered with 200)')
    .option('--forward-unverified', 'forward the refused ones, too, and say so')
    .option('--timeout <seconds>', 'give up when nothing comes from it for this long', '30')
    .optionsGroup('Where it listens:')
    .option('--port <port>', 'port to listen on, 0 for any', LISTEN_PORT)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option(
      '--origin <origin>',
      'the public origin that senders call, where a tunnel stands in front and the URL is signed (repeatable)',
      repeated,
    )
    .option('--max-body <bytes>', 'larger bodies are refused', DEFAULT_MAX_BODY_BYTES)
  addVerificationOptions(command)
    .addOption(allowOption('take what a verifier refuses by default, such as ambiguous-request (repeatable)'))
    .optionsGroup('Output:')
    .option('--print', 'show bodies of requests and answers')
    .option('--json', 'a line of JSON for each request')
    .addHelpText(
      'after',
      `
A verified request is forwarded as it came, but for Host where that is not
signed, and the headers of one connection; the answer goes back as it was. A
refused one is answered with problem details, and explained here. A path or
query in --forward-to replaces that of the request; schemes that sign the path
take none. A request or an event that comes again is forwarded again, and said
to be a repetition: providers send until they are answered with 2xx.

Examples:
  $ export COUNTERSIGN_SECRET=whsec_…
  $ countersign listen -s stripe --forward-to localhost:3000/hook
  $ countersign trigger stripe :${LISTEN_PORT}
  $ countersign listen -s github --secret-file hook.secret --print
  $ countersign listen -p prod --origin https://my-tunnel.example.net --forward-to :8080`,
    )
    .action(async (options: ListenOptions) => {
      const profile: Profile = options.profile === undefined ? { scheme: DEFAULT_SCHEME_NAME } : readProfile(options.profile)
      const scheme = findScheme(options.scheme ?? profile.scheme)
      const port = readPort(options.port)
      const maxBodyBytes = readNumber(options.maxBody, '--max-body', 0, MOST_BODY_BYTES)
      const target = readTarget(options, scheme)
      if (options.forwardUnverified === true && target === undefined)
        throw new UsageError('forward-to-missing', '--forward-unverified wants to know where to: give --forward-to.')
      const key = await readVerificationKey(scheme, options, profile)
      const redact = createRedaction([key.secret, key.passphrase])
      goOnWithBrokenOutput()
      const server = createServer({
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: CHECK_CONNECTIONS_MS,
      })
      server.maxConnections = MAX_CONNECTIONS
      const address = await startOn(port, () => startServer(server, port, options.host))
      const { origin } = address
      try {
        refuseItself(target, address)
        const check = createCheck({
          scheme,
          key,
          keyId: options.apiKey ?? profile.apiKey,
          origins: options.origin ?? address.origins,
          allow: options.allow,
          maxBodyBytes,
          bodyTimeoutMs: REQUEST_TIMEOUT_MS,
        })
        const write = writerOf(options, redact)
        server.on('clientError', (error, socket) => refuseGibberish(error, socket as Socket))
        server.on(
          'request',
          createListener({
            schemeName: scheme.name,
            check,
            explainRefused: createRefusedExplainer(scheme, key),
            target,
            forwardsUnverified: options.forwardUnverified === true,
            maxBodyBytes,
            redact,
            onEntry: write,
            onError: error => tell(redact(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)),
          }),
        )
        if (options.json === true) out(`${JSON.stringify({ origin, scheme: scheme.name, forwardTo: target?.url.href ?? null })}\n`)
        else
          tell(
            `Listening on ${origin} for ${scheme.title} (${scheme.name}). ${target === undefined ? 'Verified requests are answered with 200' : `Verified requests are forwarded to ${target.url.href}`}. Ctrl+C ends it.`,
          )
        await untilStopped()
      } finally {
        server.close()
        server.closeAllConnections()
      }
      done(EXIT.ok)
    })
}

/** @throws UsageError `url-malformed`, `forward-path` */
function readTarget({ forwardTo, timeout }: ListenOptions, scheme: Scheme): ForwardTarget | undefined {
  const timeoutMs = readSeconds(timeout, '--timeout')
  if (forwardTo === undefined) return undefined
  const url = new URL(readUrl(forwardTo))
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.hash !== '')
    throw new UsageError('url-malformed', '--forward-to is an http(s) URL without user name and fragment, such as localhost:3000/hook.')
  const hasPath = url.pathname !== '/' || url.search !== ''
  if (hasPath && signsPath(scheme))
    throw new UsageError(
      'forward-path',
      `The scheme ${scheme.name} signs the path, so a call is forwarded to the path that was called: give --forward-to ${url.origin}`,
    )
  return { url, keepsPath: !hasPath, keepsHost: signsHost(scheme), timeoutMs }
}

interface Address {
  readonly origin: string
  /** Those that a sender on this machine may call. */
  readonly origins: readonly string[]
  readonly port: number
}

async function startServer(server: Server, port: number, host: string): Promise<Address> {
  server.listen(port, host)
  await once(server, 'listening')
  const { address, family, port: taken } = server.address() as AddressInfo
  const origin = originOf(family === 'IPv6' ? `[${address}]` : address, taken)
  return { origin, port: taken, origins: [...new Set([origin, ...LOCAL_HOSTS.map(name => originOf(name, taken))])] }
}

const LOCAL_HOSTS = ['127.0.0.1', 'localhost', '[::1]']
/** How a client may also call this machine. */
const ANY_ADDRESS = ['0.0.0.0', '[::]']

/** As clients write it, without the scheme's own port. */
function originOf(host: string, port: number): string {
  return new URL(`http://${host}:${port}`).origin
}

/** @throws UsageError `forward-to-itself`: each call would come in again */
function refuseItself(target: ForwardTarget | undefined, { origins, port }: Address): void {
  const own = [...origins, ...ANY_ADDRESS.map(host => originOf(host, port))]
  if (target !== undefined && own.includes(target.url.origin))
    throw new UsageError('forward-to-itself', `--forward-to ${target.url.origin} is where it listens itself: give another --port.`)
}

function writerOf({ json, print, origin }: ListenOptions, redact: (text: string) => string): (entry: Entry) => void {
  const printsBodies = print === true
  if (json === true) return entry => out(`${redact(entryJson(entry, printsBodies))}\n`)
  const text = {
    redact,
    hasColors: showsColors(),
    printsBodies,
    isPretty: process.stdout.isTTY,
    originAdvice:
      origin === undefined
        ? 'The host that was called, HOST, is a part of what is signed: if a tunnel stands in front, give its public origin, --origin https://HOST'
        : 'The host that was called, HOST, is none of --origin: give all that senders call.',
  }
  return entry => out(redact(entryText(entry, text)))
}

/** What is not HTTP, too large a head, or too slow: Node has the answers, and ends the connection. */
function refuseGibberish(error: NodeJS.ErrnoException, socket: Socket): void {
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  if (error.code !== 'ECONNRESET') tell(`refused a connection: ${status} (${error.code ?? error.message})`)
  if (socket.writable) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  socket.destroySoon()
}
