import type { Command } from 'commander'
import { createSigner, serverClock, signedFetch } from 'countersign'
import { curlLine } from 'countersign/code'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { out, tell } from '../process/streams.ts'
import { addRequestOptions, type RequestOptions, readRequest, readSignerOptions } from '../request/request.ts'
import { addCredentialOptions, type CredentialOptions, resolveCredentials } from '../signing/credentials.ts'

interface SendOptions extends CredentialOptions, RequestOptions {
  readonly json?: boolean
  readonly curl?: boolean
  readonly include?: boolean
  readonly timeout: string
  readonly correctClock?: boolean
}

export function defineSend(command: Command, done: Done): void {
  addCredentialOptions(addRequestOptions(command))
    .optionsGroup('How it is sent:')
    .option('--timeout <seconds>', 'give up after this long', '30')
    .option('--correct-clock', "when the call is refused for its time, try once more by the server's clock (over HTTPS, up to 10 minutes)")
    .optionsGroup('Output:')
    .option('-i, --include', 'show the status and the headers of the answer, on standard error')
    .option('--json', 'status, headers and body, as JSON')
    .option('--curl', 'do not send: print a curl line that would')
    .addHelpText(
      'after',
      `
Standard output has the body and nothing else. The exit code is 0 for 2xx, 1 for any other answer,
2 when the call can't be made as asked, 3 when there is no answer.

Examples:
  $ export COUNTERSIGN_API_KEY=… COUNTERSIGN_SECRET=…
  $ countersign send https://api.qredo.network/qapi/v1/balance
  $ countersign send POST https://api.qredo.network/qapi/v1/transaction -d @transaction.json -i
  $ echo '{"a":1}' | countersign send POST https://api.example.com/orders -d - --profile prod | jq .id`,
    )
    .action(async (first: string, second: string | undefined, options: SendOptions) => {
      const timeoutMs = Number(options.timeout) * 1000
      if (!(timeoutMs > 0)) throw new UsageError('timeout-malformed', '--timeout is a number of seconds above 0.')
      const { scheme, credentials } = await resolveCredentials(options)
      const request = await readRequest(first, second, options)
      const signer = createSigner(scheme, credentials, readSignerOptions(options))
      if (options.curl === true) {
        out(`${curlLine(signer.sign(request), request.headers)}\n`)
        return done(EXIT.ok)
      }
      const fixed = {
        ...signer,
        signAsync: (call: typeof request) => signer.signAsync({ ...call, timestamp: request.timestamp, nonce: request.nonce }),
      }
      const isFixed = request.timestamp !== undefined || request.nonce !== undefined
      const fetch = signedFetch(isFixed ? fixed : signer, options.correctClock === true && !isFixed ? { correctClock: serverClock() } : {})
      const headers = { ...(request.body === undefined ? {} : { 'content-type': 'application/json' }), ...request.headers }
      const response = await fetch(request.url, {
        method: request.method,
        headers,
        body: request.body === undefined ? null : Uint8Array.from(request.body),
        signal: AbortSignal.timeout(timeoutMs),
      })
      const body = new Uint8Array(await response.arrayBuffer())
      if (options.include === true) {
        tell(`HTTP ${response.status} ${response.statusText}`)
        for (const [name, value] of response.headers) tell(`${name}: ${value}`)
      } else if (!response.ok) tell(`HTTP ${response.status} ${response.statusText}`)
      if (options.json === true)
        out(
          `${JSON.stringify({ status: response.status, headers: Object.fromEntries(response.headers), body: new TextDecoder().decode(body) })}\n`,
        )
      else {
        out(body)
        if (process.stdout.isTTY && body.length > 0 && body.at(-1) !== 10) tell('')
      }
      done(response.ok ? EXIT.ok : EXIT.refused)
    })
}
