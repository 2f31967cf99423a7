import type { Command } from 'commander'
import { createSigner, type Fetch, serverClock, signedFetch } from 'countersign'
import { curlLine } from 'countersign/code'
import { readNumber, readSeconds } from '../options/numbers.ts'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { answered } from '../process/no-answer.ts'
import { reportError } from '../process/report.ts'
import { out, tell } from '../process/streams.ts'
import { addRequestOptions, type RequestOptions, readRequest, readSignerOptions } from '../request/request.ts'
import { readAnswer, tellOfAnswer } from '../sending/answer.ts'
import { connectingFetch } from '../sending/connect-to.ts'
import { PASSING, withRetries } from '../sending/retry.ts'
import { type BodyOptions, checkBodyOptions, showBody } from '../sending/show-body.ts'
import { tellingFetch } from '../sending/traffic.ts'
import { addCredentialOptions, type CredentialOptions, resolveCredentials } from '../signing/credentials.ts'
import { printableText } from '../text/printable.ts'

/** Of `--retry`. */
const MOST_RETRIES = 100

interface SendOptions extends CredentialOptions, RequestOptions, BodyOptions {
  readonly json?: boolean
  readonly curl?: boolean
  readonly include?: boolean
  readonly timeout: string
  readonly connectTo?: string
  readonly retry: string
  readonly correctClock?: boolean
  readonly verbose?: boolean
}

/** A `fetch` whose only error is that there was no answer. */
async function makeFetch({ connectTo }: SendOptions, url: string): Promise<Fetch> {
  const send = connectTo === undefined ? fetch : await connectingFetch(connectTo, url)
  return (input, init) => answered(send(input, init))
}

export function defineSend(command: Command, done: Done): void {
  addCredentialOptions(addRequestOptions(command))
    .optionsGroup('How it is sent:')
    .option('--timeout <seconds>', 'give up after this long', '30')
    .option('--retry <times>', `send again, signed anew, where there is no answer, or one of ${PASSING.join(', ')}`, '0')
    .option('--connect-to <origin>', 'connect to this server in the place of the one that the URL names, such as :8080; URL and Host stay')
    .option('--correct-clock', "when the call is refused for its time, try once more by the server's clock (over HTTPS, up to 10 minutes)")
    .optionsGroup('Output:')
    .option('-i, --include', 'show the status and the headers of the answer, on standard error')
    .option('-v, --verbose', 'show request and answer as they went, secrets hidden, on standard error')
    .option('-o, --output <file>', 'write the body into a file')
    .option('-q, --query <pointer>', 'of an answer in JSON only this: a JSON pointer, such as /keys/0/id')
    .option('--json', 'status, headers and body, as JSON')
    .option('--curl', 'do not send: print a curl line that would')
    .addHelpText(
      'after',
      `
Standard output has the body and nothing else: as it came, or on a terminal laid out if it is JSON. A URL of this machine needs no
http://, and no host: :4567/path. A redirection within the origin is followed as fetch does (a POST becomes a GET after 301, 302 and 303),
and said. The exit code is 0 for 2xx, 1 for any other answer, or one without what --query asks for, 2 when the call can't be made as
asked, 3 when there is no answer.

Examples:
  $ export COUNTERSIGN_API_KEY=… COUNTERSIGN_SECRET=…
  $ countersign send https://api.qredo.network/qapi/v1/balance
  $ countersign send POST https://api.qredo.network/qapi/v1/transaction -d @transaction.json -i
  $ countersign send https://api.example.com/orders --connect-to :8080
  $ countersign send :4567/api/v1/p/orders -v --retry 3 --query /orders/0/id
  $ echo '{"a":1}' | countersign send POST https://api.example.com/orders -d - --profile prod | jq .id`,
    )
    .action(async (first: string, second: string | undefined, options: SendOptions) => {
      const timeoutMs = readSeconds(options.timeout, '--timeout')
      const retries = readNumber(options.retry, '--retry', 0, MOST_RETRIES)
      if (options.json === true && (options.output ?? options.query) !== undefined)
        throw new UsageError('output-twice', '--json prints the whole answer: leave it, or --output and --query, out.')
      checkBodyOptions(options)
      const { scheme, credentials } = await resolveCredentials(options)
      const request = await readRequest(first, second, options)
      const signer = createSigner(scheme, credentials, readSignerOptions(options))
      if (options.curl === true) {
        if (options.connectTo !== undefined)
          throw new UsageError('option-needless', "Leave --connect-to out, and add curl's own to the line.")
        out(`${curlLine(signer.sign(request), request.headers)}\n`)
        return done(EXIT.ok)
      }
      const isFixed = request.timestamp !== undefined || request.nonce !== undefined
      if (isFixed && retries > 0)
        throw new UsageError('retry-fixed', 'A call with a given timestamp or nonce is sent once: leave --retry out.')
      const fixed = {
        ...signer,
        signAsync: (call: typeof request) => signer.signAsync({ ...call, timestamp: request.timestamp, nonce: request.nonce }),
      }
      const send = await makeFetch(options, request.url)
      const fetch = signedFetch(isFixed ? fixed : signer, {
        correctClock: options.correctClock === true && !isFixed ? serverClock() : undefined,
        fetch: options.verbose === true ? tellingFetch(scheme, send) : send,
      })
      const headers = { ...(request.body === undefined ? {} : { 'content-type': 'application/json' }), ...request.headers }
      const sendOnce = (): Promise<Response> =>
        fetch(request.url, {
          method: request.method,
          headers,
          body: request.body === undefined ? null : Uint8Array.from(request.body),
          signal: AbortSignal.timeout(timeoutMs),
        }).catch(refuseNotSendable)
      const response = await withRetries(sendOnce, retries)
      const body = await readAnswer(response)
      tellOfAnswer(response, request.url, options)
      done(showAnswer(response, body, options) && response.ok ? EXIT.ok : EXIT.refused)
    })
}

/** What `fetch` says before anything is sent: a method or a header that it does not take. */
function refuseNotSendable(error: unknown): never {
  if (error instanceof TypeError)
    throw new UsageError(
      'call-not-sendable',
      `Node's fetch does not send this call, or follow its redirection: ${error.message} (--curl prints a line that curl sends)`,
    )
  throw error
}

/** Whether it could be shown as asked; if not, the answer is told all the same, since the call was made. */
function showAnswer(response: Response, body: Uint8Array, { json, output, query }: SendOptions): boolean {
  const text = (): string => new TextDecoder().decode(body)
  if (json === true) {
    out(`${JSON.stringify({ status: response.status, headers: Object.fromEntries(response.headers), body: text() })}\n`)
    return true
  }
  try {
    // A refusal is shown whole: what is asked for isn't in it.
    showBody(body, response.ok ? { output, query } : { output })
    return true
  } catch (error) {
    reportError('countersign', error)
    tell(`The call was made, and answered with HTTP ${response.status}:`)
    tell(printableText(text()))
    return false
  }
}
