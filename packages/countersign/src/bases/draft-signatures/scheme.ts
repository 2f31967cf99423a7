import { CountersignError } from '../../contract/error.ts'
import type { Algorithm } from '../../crypto/algorithm.ts'
import { algorithmOf, createAnySigner } from '../../keys/sign.ts'
import type { Carried, Scheme } from '../../scheme/scheme.ts'
import type { DraftSignaturesTypes } from '../../scheme/scheme-types.ts'
import { checkSchemeOptions, isListOf, isOneOf, isText } from '../check-scheme-options.ts'
import { MAX_COVERED, MAX_LIST_LENGTH } from '../covered-limits.ts'
import { CARRIERS, createListReader, DATE_HEADERS, DIGEST_HEADER, type DraftCoverage, signingString } from './coverage.ts'
import type { DraftSignaturesOptions } from './options.ts'
import { createDraftPlan } from './plan.ts'
import { createDraftPreparer } from './preparer.ts'

/** RSA keys are for PKCS#1 v1.5 unless they say otherwise, as everyone who speaks the draft has it. */
const ALGORITHMS: readonly [Algorithm, ...Algorithm[]] = [
  'hmac-sha256',
  'ed25519',
  'ecdsa-p256-sha256',
  'ecdsa-p384-sha384',
  'rsa-v1_5-sha256',
  'rsa-v1_5-sha512',
  'rsa-pss-sha512',
  'hmac-sha512',
  'hmac-sha384',
  'hmac-sha1',
]

/** What says when a call was signed, in words. */
const TIMES: { readonly [covered: string]: string | undefined } = {
  ...Object.fromEntries(DATE_HEADERS.map(name => [name, `the header ${name}, as HTTP writes a date`])),
  '(created)': 'the parameter created, in epoch seconds',
  '(expires)': 'the parameter expires, in epoch seconds',
}

const COVERED = 'where the call covers it'

/**
 * HTTP Signatures as in draft-cavage-http-signatures-12, the forerunner of RFC 9421: what ActivityPub servers and the
 * hmac-auth plugins of Kong and APISIX speak. Keys are secrets (`hmac-sha256`, written as UTF-8) or key pairs.
 *
 * @example
 * ```ts
 * const kong = draftSignatures({ name: 'kong', carrier: 'kong', headers: ['x-date', 'request-line', 'digest'] })
 * const signer = createSigner(kong, { keyId: 'alice', secret })
 * ```
 *
 * @throws CountersignError `option-invalid` for something that can't be covered
 */
export function draftSignatures(options: DraftSignaturesOptions = {}): Scheme<DraftSignaturesTypes> {
  checkSchemeOptions('draftSignatures', options, { carrier: isOneOf('carrier', Object.keys(CARRIERS)), headers: isListOf(isText) })
  const coverage: DraftCoverage = {
    carrier: options.carrier ?? 'authorization',
    headers: (options.headers ?? ['(request-target)', 'host', 'date', 'digest']).map(name => name.toLowerCase()),
  }
  const always = coverage.headers.filter(covered => covered !== DIGEST_HEADER)
  if (always.length === 0 || createListReader()(coverage.headers.join(' ')) === undefined)
    throw new CountersignError(
      'option-invalid',
      `${JSON.stringify(coverage.headers.join(' ').slice(0, 80))} can't be covered: give header names, (request-target), (created) or (expires), each once, at most ${MAX_COVERED} in ${MAX_LIST_LENGTH} characters, and more than digest.`,
    )
  const { header, keyName } = CARRIERS[coverage.carrier]
  if (coverage.headers.includes(header))
    throw new CountersignError('option-invalid', `The header ${header} carries the signature, which can't sign itself: leave it out.`)
  const name = options.name ?? 'http-signatures-draft-12'
  const covers = (header: string): boolean => coverage.headers.includes(header)
  const scheme: Scheme<DraftSignaturesTypes> = {
    name,
    title: 'HTTP Signatures, draft 12',
    docs: 'https://datatracker.ietf.org/doc/html/draft-cavage-http-signatures-12',
    algorithms: ALGORITHMS,
    keys: 'either',
    secret: { encoding: 'utf8', prefix: '' },
    derivedKey: undefined,
    signature: { encoding: 'base64' },
    message: signingString(coverage.headers),
    keyId: 'carried',
    hasPassphrase: false,
    detectsReplays: coverage.headers.some(covered => TIMES[covered] !== undefined),
    only: {},
    accepts: ['white-space', 'line-or-list'],
    base: {
      createPlan: () => createDraftPlan(coverage),
      createPreparer: (credentials, signerOptions, crypto) =>
        createDraftPreparer(name, coverage, algorithmOf(scheme, credentials), credentials, signerOptions, crypto),
      createSigner: createAnySigner,
      carries: [
        carried(
          header,
          true,
          `${keyName}, algorithm, the covered headers (at least ${coverage.headers.join(' ')}) and the signature in base64.`,
        ),
        // A call may cover more than is demanded, and a date or a digest that it covers is read.
        ...DATE_HEADERS.map(date =>
          carried(date, covers(date), `When it was signed, as HTTP writes a date${covers(date) ? '' : `; ${COVERED}`}.`),
        ),
        carried(
          DIGEST_HEADER,
          false,
          `SHA-256= and the base64 of the hash of the body; ${covers(DIGEST_HEADER) ? 'with every body' : COVERED}.`,
        ),
      ],
      bodyDigests: [`header.${DIGEST_HEADER}`],
      timestamp: coverage.headers.flatMap(covered => TIMES[covered] ?? []).join('; ') || 'none',
      takes: { parameters: [], timestamps: [], nonce: false, sessionToken: false },
      signs: 'a line for each covered header, "name: value", joined by newlines',
    },
  }
  return scheme
}

function carried(name: string, required: boolean, holds: string): Carried {
  return { in: 'header', name, required, secret: false, holds }
}
