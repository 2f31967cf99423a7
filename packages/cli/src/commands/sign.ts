import type { Command } from 'commander'
import { type Credentials, createSigner, type Scheme } from 'countersign'
import { curlLine } from 'countersign/code'
import { qredoV1 } from 'countersign/schemes'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { out, tell } from '../process/streams.ts'
import { addRequestOptions, type RequestOptions, readRequest, readSignerOptions } from '../request/request.ts'
import { signAsTyped } from '../signing/as-typed.ts'
import { addCredentialOptions, type CredentialOptions, resolveCredentials } from '../signing/credentials.ts'

interface SignOptions extends CredentialOptions, RequestOptions {
  readonly json?: boolean
  readonly curl?: boolean
  readonly message?: boolean
  readonly asTyped?: boolean
}

export function defineSign(command: Command, done: Done): void {
  addCredentialOptions(addRequestOptions(command))
    .optionsGroup('What is signed:')
    .option('--as-typed', 'qredo-v1: sign method and URL character for character, as the functions of its page do, even no URL')
    .optionsGroup('Output:')
    .option('--json', 'method, URL, headers, body and the signed message, as JSON')
    .option('--curl', 'a curl line that sends exactly what was signed')
    .option('--message', 'show on standard error the message that was signed')
    .addHelpText(
      'after',
      `
Examples:
  $ export COUNTERSIGN_SECRET=…
  $ countersign sign GET https://api.qredo.network/qapi/v1/balance --api-key 9OgjbzwhoE4LJA
  $ countersign sign POST https://api.example.com/orders -d @order.json --profile prod --curl
  $ curl -H @<(countersign sign URL --profile prod) URL`,
    )
    .action(async (first: string, second: string | undefined, options: SignOptions) => {
      const { scheme, credentials } = await resolveCredentials(options)
      const request = await readRequest(first, second, options)
      if (options.asTyped === true) {
        printAsTyped(scheme, credentials, { ...request, method: second === undefined ? request.method : first }, options)
        done(EXIT.ok)
        return
      }
      const signed = createSigner(scheme, credentials, readSignerOptions(options)).sign(request)
      const message = new TextDecoder().decode(signed.message())
      if (options.message === true) tell(`signed: ${JSON.stringify(message)}`)
      if (options.curl === true) out(`${curlLine(signed, request.headers)}\n`)
      else if (options.json === true)
        out(
          `${JSON.stringify({ scheme: scheme.name, method: signed.method, url: signed.url, headers: { ...request.headers, ...signed.headers }, body: signed.body === undefined ? null : new TextDecoder().decode(signed.body), message })}\n`,
        )
      else {
        for (const [name, value] of Object.entries(signed.headers)) out(`${name}: ${value}\n`)
        if (signed.url !== request.url) tell(`send to: ${signed.url}`)
      }
      done(EXIT.ok)
    })
}

function printAsTyped(
  scheme: Scheme,
  credentials: Credentials,
  request: {
    readonly method: string
    readonly url: string
    readonly body: Uint8Array | undefined
    readonly timestamp?: string | undefined
  },
  { json, curl }: SignOptions,
): void {
  if (scheme !== qredoV1 || curl === true)
    throw new UsageError(
      'as-typed-not-possible',
      '--as-typed is for the scheme qredo-v1, and prints headers or --json: what was typed need not be sendable.',
    )
  const headers = signAsTyped(credentials, { ...request, timestamp: request.timestamp ?? `${Date.now()}000000` })
  if (json === true) out(`${JSON.stringify({ scheme: scheme.name, method: request.method, url: request.url, headers })}\n`)
  else for (const [name, value] of Object.entries(headers)) out(`${name}: ${value}\n`)
}
