import { createAnySigner } from '../../keys/sign.ts'
import type { Scheme } from '../../scheme/scheme.ts'
import type { SigV4Types } from '../../scheme/scheme-types.ts'
import { checkSchemeOptions, isFlag, isOneOf, matches } from '../check-scheme-options.ts'
import { SCOPE_PART, SCOPE_PART_IS, type SigV4Options } from './options.ts'
import { carriedIn } from './places.ts'
import { createSigV4Plan } from './plan.ts'
import { createSigV4Preparer } from './preparer.ts'
import { DERIVATION, isS3Service, PAYLOAD_HEADER, stringToSign } from './recipe.ts'

/**
 * AWS Signature Version 4. A signer's parameters are `service`, `region` and, for a presigned URL, `expires` in
 * seconds; the payload's hash is what `x-amz-content-sha256` says where the request has that header. The URL that a
 * signer gives has its query in the spelling that is signed. The session token of temporary credentials is the signer's
 * `sessionToken`, and the `passphrase` of the verifier's key.
 *
 * @example
 * ```ts
 * const signer = createSigner(sigV4({ service: 'execute-api', region: 'us-east-1' }), { keyId: accessKeyId, secret: secretAccessKey, sessionToken })
 * ```
 *
 * @throws CountersignError `option-invalid`
 */
export function sigV4(options: SigV4Options = {}): Scheme<SigV4Types> {
  checkSchemeOptions('sigV4', options, {
    in: isOneOf('place', ['header', 'query']),
    service: matches(SCOPE_PART, SCOPE_PART_IS),
    region: matches(SCOPE_PART, SCOPE_PART_IS),
    allowUnsignedPayload: isFlag,
    plus: isOneOf('meaning', ['literal', 'space']),
  })
  const inQuery = options.in === 'query'
  const isS3 = isS3Service(options.service ?? '')
  const name = options.name ?? (inQuery ? 'aws-sigv4-query' : 'aws-sigv4')
  return {
    name,
    title: inQuery ? 'AWS Signature Version 4, presigned URLs' : 'AWS Signature Version 4',
    docs: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html',
    algorithms: ['hmac-sha256'],
    keys: 'secret',
    secret: { encoding: 'utf8', prefix: '' },
    derivedKey: { prefix: 'AWS4', derive: DERIVATION },
    signature: { encoding: 'hex' },
    message: stringToSign({
      isS3,
      inQuery,
      payload: options.allowUnsignedPayload ? 'stated' : !isS3 ? 'hashed' : inQuery ? 'unsigned' : 'stated',
    }),
    keyId: 'carried',
    hasPassphrase: false,
    detectsReplays: true,
    only: options.allowUnsignedPayload === true ? { body: 'any' } : {},
    accepts: ['parameter-order', 'white-space', 'line-or-list'],
    base: {
      createPlan: () => createSigV4Plan(options),
      createPreparer: (credentials, signerOptions, crypto) => createSigV4Preparer(name, options, credentials, signerOptions, crypto),
      createSigner: createAnySigner,
      carries: carriedIn(inQuery ? 'query' : 'header'),
      // Where a payload may be unsigned, what states its hash says nothing of it.
      bodyDigests: options.allowUnsignedPayload === true ? [] : [`header.${PAYLOAD_HEADER}`],
      timestamp: inQuery
        ? 'X-Amz-Date, such as 20150830T123600Z; the call holds for X-Amz-Expires seconds'
        : 'x-amz-date, such as 20150830T123600Z; or date, as HTTP writes a date',
      takes: {
        parameters: ['service', 'region', ...(inQuery ? ['expires'] : [])],
        timestamps: [],
        nonce: false,
        sessionToken: true,
      },
      signs: 'the algorithm, the time, the credential scope and the SHA-256 of the canonical request, a line each',
    },
  }
}
