import type { Command } from 'commander'
import { createVerifier, explainFailure, isDeclared, type Scheme, type Verification } from 'countersign'
import { DEFAULT_SCHEME_NAME } from 'countersign/schemes'
import { type Done, EXIT, UsageError } from '../process/exit.ts'
import { out, tell } from '../process/streams.ts'
import { addRequestOptions, type RequestOptions, readGivenHeaders, readRequest } from '../request/request.ts'
import { addVerificationOptions } from '../signing/credentials.ts'
import { findScheme } from '../signing/find-scheme.ts'
import { type Profile, readProfile } from '../signing/profiles.ts'
import { fixedKeyId, onlyKey, readVerificationKey, UNNAMED_KEY, type VerificationKeyOptions } from '../signing/verification-key.ts'
import { unsignedParts } from '../text/coverage.ts'

interface VerifyOptions extends VerificationKeyOptions, RequestOptions {
  readonly headersFile?: string
  readonly at?: string
  readonly anyTime?: boolean
  readonly json?: boolean
}

/** A hundred years: any timestamp that has the right number of digits. */
const ANY_TIME_MS = 100 * 366 * 86_400_000

export function defineVerify(command: Command, done: Done): void {
  addVerificationOptions(addRequestOptions(command))
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
      const profile: Profile = options.profile === undefined ? { scheme: DEFAULT_SCHEME_NAME } : readProfile(options.profile)
      const scheme = findScheme(options.scheme ?? profile.scheme)
      const { method, url, body } = await readRequest(first, second, options)
      const headers = readGivenHeaders(options)
      const { origin, target } = splitUrl(url)
      const known = options.apiKey ?? profile.apiKey
      const keys = onlyKey(scheme, await readVerificationKey(scheme, options, profile), known)
      const look = (fixed: { readonly keyId?: string }): Promise<Verification> =>
        createVerifier(scheme, {
          origin,
          keys,
          ...fixed,
          clock: readClock(options.at),
          replay: 'off',
          // One signature is looked at here; whether it could fit another call too is a server's question.
          allow: ['ambiguous-request'],
          only: { methods: [method], paths: 'any', query: 'any', body: 'any' },
          ...(options.anyTime === true ? { toleranceMs: ANY_TIME_MS } : {}),
        }).verify({ method, target, headers, body })
      warnOfUnsigned(scheme, method)
      const given = await look(fixedKeyId(scheme, known))
      const namesNoKey = !given.ok && given.failure.code === 'missing-header' && scheme.keyId === 'optional' && known === undefined
      const result = namesNoKey ? await look({ keyId: UNNAMED_KEY }) : given
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
    })
}

/** Here the call is taken as it stands, whatever of it is not signed; a server has to be told what it takes. */
function warnOfUnsigned(scheme: Scheme, method: string): void {
  const parts = unsignedParts(scheme, method)
  if (parts.length === 0) return
  const fact = isDeclared(scheme) ? `does not sign ${parts.join(', ')}` : `does not require ${parts.join(', ')} to be signed`
  tell(`warning: ${scheme.name} ${fact}: a call that differs there can have the same signature`)
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
  if (Number.isNaN(ms)) throw new UsageError('time-malformed', `${JSON.stringify(at)} is not a time: give epoch seconds or ISO 8601.`)
  return () => ms
}
