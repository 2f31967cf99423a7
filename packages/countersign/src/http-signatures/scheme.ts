import type { Algorithm } from '../algorithm.ts'
import { CountersignError } from '../error.ts'
import { algorithmOf, createAnySigner } from '../keys/sign.ts'
import type { Carried } from '../plan.ts'
import type { Scheme } from '../scheme.ts'
import type { MessageSignaturesTypes } from '../scheme-types.ts'
import { type Coverage, coveredList, isDigest } from './coverage.ts'
import { BODY_DIGESTS } from './digest.ts'
import { parseComponents } from './message-signatures.ts'
import type { HttpMessageSignaturesOptions } from './options.ts'
import type { Place } from './places.ts'
import { createHttpPlan } from './plan.ts'
import { createHttpPreparer } from './preparer.ts'

const ALGORITHMS: readonly [Algorithm, ...Algorithm[]] = [
  'hmac-sha256',
  'ed25519',
  'ecdsa-p256-sha256',
  'ecdsa-p384-sha384',
  'rsa-pss-sha512',
  'rsa-v1_5-sha256',
  'rsa-v1_5-sha512',
  'hmac-sha512',
  'hmac-sha384',
  'hmac-sha1',
]

/**
 * HTTP Message Signatures (RFC 9421), with the coverage that an application needs. Keys are secrets (`hmac-sha256`,
 * written in base64) or key pairs (`ed25519`, `ecdsa-p256-sha256`, `ecdsa-p384-sha384`, `rsa-pss-sha512`,
 * `rsa-v1_5-sha256`).
 *
 * @example
 * ```ts
 * const mine = httpMessageSignatures({ name: 'mine', components: ['@method', '@target-uri', 'content-digest', 'content-type'], tag: 'my-api' })
 * ```
 * @throws CountersignError `option-invalid` for a component that is unknown, or that a request doesn't have
 */
export function httpMessageSignatures(options: HttpMessageSignaturesOptions = {}): Scheme<MessageSignaturesTypes> {
  const { name = 'rfc9421', title = 'HTTP Message Signatures', label, tag, digest = 'sha-256' } = options
  const components = parseComponents(options.components ?? ['@method', '@target-uri', 'content-digest'])
  const whole = coveredList(components)
  const bare = coveredList(components.filter(({ identifier }) => !isDigest(identifier)))
  if (whole === undefined || bare === undefined)
    throw new CountersignError('option-invalid', 'A request can cover neither @status, nor trailers, nor components of another request.')
  const parameters = [...(options.parameters ?? ['created', 'keyid', 'nonce']), ...(tag === undefined ? [] : ['tag'])]
  const coverage: Coverage = { label, components: bare.identifiers, wantsDigest: whole.coversDigest, parameters, tag }
  const scheme: Scheme<MessageSignaturesTypes> = {
    name,
    title,
    docs: 'https://www.rfc-editor.org/rfc/rfc9421',
    algorithms: ALGORITHMS,
    keys: 'either',
    secret: { encoding: 'base64', prefix: '' },
    derivedKey: undefined,
    signature: { encoding: 'base64' },
    message: whole.recipe,
    keyId: 'optional',
    hasPassphrase: false,
    detectsReplays: whole.coversDate || ['created', 'expires', 'nonce'].some(parameter => parameters.includes(parameter)),
    only: {},
    accepts: ['white-space', 'line-or-list'],
    base: {
      createPlan: () => createHttpPlan(coverage),
      createPreparer: (credentials, signerOptions, crypto) =>
        createHttpPreparer(name, coverage, { whole, bare, digest }, algorithmOf(scheme, credentials), credentials, signerOptions, crypto),
      createSigner: createAnySigner,
      carries: [
        carried(
          'signature-input',
          true,
          `The covered components (at least ${whole.identifiers.join(' ')}) and the parameters ${parameters.join(', ')}.`,
        ),
        carried('signature', true, 'The signature of the signature base, base64 between colons, under the same label.'),
        carried(
          'content-digest',
          false,
          `The ${digest} of the body, base64 between colons; ${whole.coversDigest ? 'with every body' : COVERED}.`,
        ),
        carried('date', whole.coversDate, `When it was signed, as HTTP writes a date${whole.coversDate ? '' : `; ${COVERED}`}.`),
      ],
      bodyDigests: BODY_DIGESTS,
      timestamp: describeTimes(parameters, whole.coversDate),
      signs: 'the signature base: a line for each covered component, and the signature parameters',
    },
  }
  return scheme
}

/** What every verifier reads, and only some schemes demand. */
const COVERED = 'where the call covers it'

function describeTimes(parameters: readonly string[], hasDate: boolean): string {
  const times = [
    ...(['created', 'expires'] as const).filter(name => parameters.includes(name)).map(name => `the parameter ${name}, in epoch seconds`),
    ...(hasDate ? ['the header date, as HTTP writes a date'] : []),
  ]
  return times.length === 0 ? 'none' : times.join('; ')
}

function carried(name: Place, required: boolean, holds: string): Carried {
  return { in: 'header', name, required, secret: false, holds }
}
