import { CountersignError } from '../../contract/error.ts'
import type { Algorithm } from '../../crypto/algorithm.ts'
import { algorithmOf, createAnySigner } from '../../keys/sign.ts'
import type { Carried, Scheme } from '../../scheme/scheme.ts'
import type { MessageSignaturesTypes } from '../../scheme/scheme-types.ts'
import { checkSchemeOptions, isListOf, isOneOf, isText, matches } from '../check-scheme-options.ts'
import { MAX_LIST_LENGTH } from '../covered-limits.ts'
import { type Coverage, coveredList, isDigest } from './coverage.ts'
import { BODY_DIGESTS } from './digest.ts'
import { LABEL, LABEL_IS, parseComponents } from './message-signatures.ts'
import { type HttpMessageSignaturesOptions, SIGNED_PARAMETERS } from './options.ts'
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
 * HTTP Message Signatures (RFC 9421), with the coverage that an application needs. Keys are secrets, written in base64
 * (`hmac-sha256`; `hmac-sha512`, `hmac-sha384` and `hmac-sha1` where a key says so), or key pairs (`ed25519`,
 * `ecdsa-p256-sha256`, `ecdsa-p384-sha384`, `rsa-pss-sha512`, `rsa-v1_5-sha256`, `rsa-v1_5-sha512`). The first of each
 * kind is the default. `hmac-sha1`, `-sha384`, `-sha512` and `rsa-v1_5-sha512` are not in RFC 9421's registry: agree on
 * them with whoever verifies.
 *
 * @example
 * ```ts
 * const mine = httpMessageSignatures({ name: 'mine', components: ['@method', '@target-uri', 'content-digest', 'content-type'], tag: 'my-api' })
 * ```
 *
 * @throws CountersignError `option-invalid` for a component that is unknown, that a request doesn't have or that
 * carries the signature, and for any other option that is misspelled
 */
export function httpMessageSignatures(options: HttpMessageSignaturesOptions = {}): Scheme<MessageSignaturesTypes> {
  checkSchemeOptions('httpMessageSignatures', options, {
    title: isText,
    label: matches(LABEL, LABEL_IS),
    components: isListOf(isText),
    parameters: isListOf(isOneOf('parameter', SIGNED_PARAMETERS)),
    tag: matches(/^[ -~]{1,256}$/, 'a tag: 1 to 256 characters of visible ASCII and spaces'),
    digest: isOneOf('digest', ['sha-256', 'sha-512']),
  })
  const { name = 'rfc9421', title = 'HTTP Message Signatures', label, tag, digest = 'sha-256' } = options
  const components = parseComponents(options.components ?? ['@method', '@target-uri', 'content-digest'])
  const own = components.find(({ name }) => OWN.some(place => place === name))
  if (own !== undefined)
    throw new CountersignError('option-invalid', `${own.identifier} carries the signature, which can't sign itself: leave it out.`)
  if (components.map(({ identifier }) => identifier).join(' ').length > MAX_LIST_LENGTH)
    throw new CountersignError('option-invalid', `The components have more than ${MAX_LIST_LENGTH} characters: cover fewer.`)
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
      // A call may have a nonce that the scheme doesn't demand.
      takes: { parameters: [], timestamps: [], nonce: true, sessionToken: false },
      signs: 'the signature base: a line for each covered component, and the signature parameters',
    },
  }
  return scheme
}

/** Both are the signer's to write. */
const OWN: readonly Place[] = ['signature-input', 'signature']

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
