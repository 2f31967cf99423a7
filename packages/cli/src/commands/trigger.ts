import { readHeaderLines } from '@countersign/pasted'
import { type Command, Option } from 'commander'
import { type Allowance, type Credentials, createSigner, type Scheme, type Signer } from 'countersign'
import { readNumber, readSeconds } from '../options/numbers.ts'
import { repeated } from '../options/repeated.ts'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { out, tell } from '../process/streams.ts'
import { allowOption, readBody, readSignerOptions } from '../request/request.ts'
import { readUrl } from '../request/url.ts'
import { addKeyOptions, type CredentialOptions, resolveCredentials } from '../signing/credentials.ts'
import { printableWord } from '../text/printable.ts'
import { BREAKS, type Break, LATE_MS, otherBody, otherCredentials, signsTime } from '../trigger/break-call.ts'
import { makeSampleCall, type SampleCall } from '../trigger/make-call.ts'
import { PROVIDERS } from '../trigger/providers.ts'
import { type Answer, sendCall } from '../trigger/send-call.ts'

interface TriggerOptions extends CredentialOptions {
  readonly data?: string
  readonly header: readonly string[]
  readonly param: readonly string[]
  readonly allow: readonly Allowance[]
  readonly times: string
  readonly break?: Break
  readonly timeout: string
  readonly json?: boolean
}

const MOST_TIMES = 10_000

export function defineTrigger(command: Command, done: Done): void {
  addKeyOptions(
    command
      .argument('<scheme>', 'a name of countersign schemes, or the path of a declaration in JSON')
      .argument('<url>', 'what is called, such as :3000/hook')
      .argument('[event]', "which event (default: the provider's first)")
      .optionsGroup('What is sent:')
      .option('-d, --data <text|@file|->', 'a body of your own: text, @file, or - for standard input')
      .option('-H, --header <name: value>', 'a further header (repeatable)', repeated, [])
      .option('--times <n>', 'send so many, one after the other, each signed anew', '1')
      .addOption(
        new Option(
          '--break <what>',
          'send one that has to be refused. secret: signed with another; body: content changed; json: written anew; time: signed an hour ago',
        ).choices(BREAKS),
      )
      .option('--param <name=value>', "a scheme's parameter, such as region=eu-west-1 (repeatable)", repeated, [])
      .addOption(allowOption('sign what verifiers refuse by default (repeatable)'))
      .option('--timeout <seconds>', 'give up after this long', '30'),
  )
    .option('--allow-short-secret', 'take a secret of under 16 bytes')
    .option('--private-key-file <path>', 'PEM file, for the schemes with key pairs')
    .optionsGroup('Output:')
    .option('--json', 'a line of JSON for each call: {"status":…,"body":…,"isCut":…}')
    .addHelpText(
      'after',
      `
The exit code is 0 when all answers are 2xx, 1 for any other answer, 2 when the call can't be made as asked, 3 when there is no answer.

Events:
${[...PROVIDERS].map(([name, { events }]) => `  ${name.padEnd(18)}${Object.keys(events).join(', ')}\n`).join('')}Every other scheme gets a sample request.

Examples:
  $ export COUNTERSIGN_SECRET=whsec_…
  $ countersign trigger stripe localhost:3000/hook
  $ countersign trigger github :3000/hook issues -d @issue.json
  $ countersign trigger stripe :3000/hook --break secret        # your endpoint has to refuse it
  $ countersign trigger qredo-v1 :8080/v1/orders -k 9OgjbzwhoE4LJA --secret-file s.txt --times 3`,
    )
    .action(async (schemeName: string, urlText: string, event: string | undefined, options: TriggerOptions) => {
      const times = readNumber(options.times, '--times', 1, MOST_TIMES)
      const timeoutMs = readSeconds(options.timeout, '--timeout')
      const url = readUrl(urlText)
      const { scheme, credentials } = await resolveCredentials({ ...options, scheme: schemeName })
      const signer = await signerFor(scheme, credentials, options)
      const data = await readBody(options)
      const more = Object.fromEntries(readHeaderLines(options.header))
      let isAllTaken = true
      for (let count = 0; count < times; count++) {
        const call = makeSampleCall({ scheme, url, event, data, nowMs: Date.now() })
        const answer = await sendCall(await sign(signer, { ...call, headers: { ...call.headers, ...more } }, options.break), timeoutMs)
        isAllTaken &&= answer.isOk
        print(answer, options)
      }
      if (options.break !== undefined && isAllTaken) tell(`warning: it was taken, although its ${options.break} is wrong on purpose`)
      done(isAllTaken ? EXIT.ok : EXIT.refused)
    })
}

/** @throws UsageError `break-not-possible` */
async function signerFor(scheme: Scheme, credentials: Credentials, options: TriggerOptions): Promise<Signer> {
  const { break: how } = options
  if (how === 'time' && !signsTime(scheme))
    throw new UsageError('break-not-possible', `The scheme ${scheme.name} signs no time, so no call of it is too old.`)
  const signerOptions = { ...readSignerOptions(options), ...(how === 'time' ? { clock: () => Date.now() - LATE_MS } : {}) }
  return createSigner(scheme, how === 'secret' ? await otherCredentials(scheme, credentials) : credentials, signerOptions)
}

async function sign(signer: Signer, call: SampleCall, how: Break | undefined): Promise<SampleCall> {
  const { method, url, headers, body } = await signer.signAsync(call)
  const sent = how === 'body' || how === 'json' ? otherBody(body, how) : body
  return { method, url, headers: { ...call.headers, ...headers }, body: sent }
}

function print({ status, statusText, body, isCut }: Answer, { json }: TriggerOptions): void {
  const text = new TextDecoder().decode(body)
  if (json === true) out(`${JSON.stringify({ status, body: text, isCut })}\n`)
  else out(`${status} ${printableWord(`${statusText}  ${text.trim()}`.trim(), 300)}\n`)
}
