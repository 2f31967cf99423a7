import type { Command } from 'commander'
import { createSigner } from 'countersign'
import { curlLine } from 'countersign/code'
import { addCredentialOptions, type CredentialOptions, resolveCredentials } from '../credentials.ts'
import { EXIT } from '../exit.ts'
import { addRequestOptions, type RequestOptions, readRequest, readSignerOptions } from '../request.ts'
import { out, tell } from '../streams.ts'

interface SignOptions extends CredentialOptions, RequestOptions {
  readonly json?: boolean
  readonly curl?: boolean
  readonly message?: boolean
}

export function addSignCommand(program: Command, done: (code: number) => void): void {
  const command = program.command('sign').description('sign a call, and print the headers it needs')
  addCredentialOptions(addRequestOptions(command))
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
      const signed = createSigner(scheme, credentials, readSignerOptions(options)).sign(request)
      const message = new TextDecoder().decode(signed.message())
      if (options.message === true) tell(`signed: ${JSON.stringify(message)}`)
      if (options.curl === true) out(`${curlLine(signed, request.headers)}\n`)
      else if (options.json === true)
        out(
          `${JSON.stringify({ scheme: scheme.name, method: signed.method, url: signed.url, headers: signed.headers, body: signed.body === undefined ? null : new TextDecoder().decode(signed.body), message })}\n`,
        )
      else {
        for (const [name, value] of Object.entries(signed.headers)) out(`${name}: ${value}\n`)
        if (signed.url !== request.url) tell(`send to: ${signed.url}`)
      }
      done(EXIT.ok)
    })
}
