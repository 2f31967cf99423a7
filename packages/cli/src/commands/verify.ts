import type { Command } from 'commander'
import { createKey, createVerifier, explainFailure, type KeyDescription, type KeySource } from 'countersign'
import { addCredentialOptions, type CredentialOptions, resolveSecret } from '../credentials.ts'
import { EXIT, UsageError } from '../exit.ts'
import { type Profile, readProfile } from '../profiles.ts'
import { addRequestOptions, type RequestOptions, readGivenHeaders, readRequest } from '../request.ts'
import { DEFAULT_SCHEME, findScheme } from '../schemes.ts'
import { out, readTextFile, tell } from '../streams.ts'

interface VerifyOptions extends CredentialOptions, RequestOptions {
  readonly headersFile?: string
  readonly publicKeyFile?: string
  readonly at?: string
  readonly anyTime?: boolean
  readonly json?: boolean
}

/** A hundred years: any timestamp that has the right number of digits. */
const ANY_TIME_MS = 100 * 366 * 86_400_000

export function addVerifyCommand(program: Command, done: (code: number) => void): void {
  const command = program.command('verify').description('check a request and its signature, and say what is wrong')
  addCredentialOptions(addRequestOptions(command))
    .option('--public-key-file <path>', 'PEM file, for the RSA schemes')
    .optionsGroup('How it is checked:')
    .option('--headers-file <path>', "the request's headers, one 'name: value' a line, instead of or besides -H")
    .option('--at <time>', "the verifier's time: epoch seconds or ISO 8601 (default: now)")
    .option('--any-time', 'accept any timestamp')
    .option('--json', '{"ok":true,…} or {"ok":false,"failure":{…}}')
    .addHelpText(
      'after',
      `
The exit code is 0 when the signature holds and 1 when it does not.

Examples:
  $ countersign verify GET https://api.qredo.network/qapi/v1/balance --secret-file s.txt \\
      -H 'qredo-api-key: 9OgjbzwhoE4LJA' -H 'qredo-api-ts: 1647356399' -H 'qredo-api-sig: …' --any-time
  $ countersign verify POST https://example.com/hook -s stripe -d @event.json --headers-file headers.txt`,
    )
    .action(async (first: string, second: string | undefined, options: VerifyOptions) => {
      const profile: Profile = options.profile === undefined ? { scheme: DEFAULT_SCHEME } : readProfile(options.profile)
      const scheme = findScheme(options.scheme ?? profile.scheme)
      const { method, url, body } = await readRequest(first, second, options)
      const headers = readGivenHeaders(options)
      const { origin, target } = splitUrl(url)
      const description = await readKey()
      const known = options.apiKey ?? profile.apiKey
      const keys: KeySource = { find: id => (known === undefined || known === id ? createKey(scheme, { ...description, id }) : undefined) }
      const verifier = createVerifier(scheme, {
        origin,
        keys,
        ...(scheme.carriesKeyId ? {} : { keyId: known ?? 'default' }),
        clock: readClock(options.at),
        replay: 'off',
        // One signature is looked at here; whether it could fit another call too is a server's question.
        allow: ['ambiguous-request'],
        ...(options.anyTime === true ? { toleranceMs: ANY_TIME_MS } : {}),
      })
      const result = await verifier.verify({ method, target, headers, body })
      if (options.json === true)
        out(
          `${JSON.stringify(result.ok ? { ok: true, keyId: result.key.id, timestampMs: result.timestampMs ?? null } : { ok: false, failure: result.failure, reason: explainFailure(result.failure) })}\n`,
        )
      else if (result.ok) out(`ok: the signature of ${result.key.id} holds\n`)
      else {
        out(`${result.failure.code}\n`)
        tell(explainFailure(result.failure))
      }
      done(result.ok ? EXIT.ok : EXIT.refused)

      async function readKey(): Promise<Omit<KeyDescription, 'id'>> {
        if (options.publicKeyFile !== undefined && scheme.keys !== 'secret')
          return { publicKey: readTextFile(options.publicKeyFile, 'public key file') }
        if (scheme.keys === 'key-pair')
          throw new UsageError('public-key-missing', `The scheme ${scheme.name} verifies with a public key: give --public-key-file.`)
        return {
          secret: await resolveSecret(options, profile),
          allowShortSecret: options.allowShortSecret ?? false,
          passphrase: options.passphrase ?? profile.passphrase,
        }
      }
    })
}

function splitUrl(url: string): { origin: string; target: string } {
  const match = /^(https?:\/\/[^/?#\s]+)([/?][^#\s]*)?$/i.exec(url)
  if (match?.[1] === undefined)
    throw new UsageError('url-malformed', `${JSON.stringify(url)} is not an absolute http(s) URL without a fragment.`)
  const target = match[2] ?? '/'
  return { origin: match[1].toLowerCase(), target: target.startsWith('/') ? target : `/${target}` }
}

function readClock(at: string | undefined): () => number {
  if (at === undefined) return Date.now
  const ms = /^\d{10}$/.test(at) ? Number(at) * 1000 : Date.parse(at)
  if (Number.isNaN(ms)) throw new UsageError('time-malformed', `${JSON.stringify(at)} is no time: give epoch seconds or ISO 8601.`)
  return () => ms
}
