import { createAnySigner } from '../keys/sign.ts'
import type { Carried } from '../plan.ts'
import type { Scheme } from '../scheme.ts'
import type { SigV4Options } from './options.ts'
import { createSigV4Plan } from './plan.ts'
import { createSigV4Preparer } from './preparer.ts'
import { DERIVATION, isS3Service, stringToSign } from './recipe.ts'

/**
 * AWS Signature Version 4. A signer's parameters are `service`, `region` and, for a presigned URL, `expires` in
 * seconds; the payload's hash is what `x-amz-content-sha256` says where the request has that header. The URL that a
 * signer gives has its query in the spelling that is signed.
 *
 * @example
 * ```ts
 * const signer = createSigner(sigV4({ service: 'execute-api', region: 'us-east-1' }), { keyId: accessKeyId, secret: secretAccessKey, sessionToken })
 * ```
 */
export function sigV4(options: SigV4Options = {}): Scheme {
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
    message: stringToSign({ isS3, inQuery, payload: !isS3 ? 'hashed' : inQuery ? 'unsigned' : 'stated' }),
    keyId: 'carried',
    hasPassphrase: false,
    detectsReplays: true,
    only: options.allowUnsignedPayload === true ? { body: 'any' } : {},
    accepts: ['parameter-order', 'white-space', 'line-or-list'],
    base: {
      createPlan: () => createSigV4Plan(options),
      createPreparer: (credentials, signerOptions, crypto) => createSigV4Preparer(name, options, credentials, signerOptions, crypto),
      createSigner: createAnySigner,
      carries: inQuery ? QUERY : HEADERS,
      signs: 'the algorithm, the time, the credential scope and the SHA-256 of the canonical request, a line each',
    },
  }
}

const QUERY: readonly Carried[] = [
  carried('query', 'X-Amz-Algorithm', 'AWS4-HMAC-SHA256.'),
  carried('query', 'X-Amz-Credential', 'Access key id and credential scope: day, region, service, aws4_request.'),
  carried('query', 'X-Amz-Date', 'When it was signed, such as 20150830T123600Z.'),
  carried('query', 'X-Amz-Expires', 'For how many seconds it holds, up to a week.'),
  { in: 'query', name: 'X-Amz-Security-Token', required: false, secret: true, holds: 'The session token of temporary credentials.' },
  carried('query', 'X-Amz-SignedHeaders', 'The signed headers, in order.'),
  carried('query', 'X-Amz-Signature', 'The signature in hexadecimal.'),
]

const HEADERS: readonly Carried[] = [
  carried('header', 'authorization', 'AWS4-HMAC-SHA256 with the credential scope, the signed headers and the signature in hexadecimal.'),
  carried('header', 'x-amz-date', 'When it was signed, such as 20150830T123600Z.'),
  { in: 'header', name: 'x-amz-security-token', required: false, secret: true, holds: 'The session token of temporary credentials.' },
  {
    in: 'header',
    name: 'x-amz-content-sha256',
    required: false,
    secret: false,
    holds: 'The hash of the payload in hexadecimal, or a marker; for S3.',
  },
]

function carried(place: Carried['in'], name: string, holds: string): Carried {
  return { in: place, name, required: true, secret: false, holds }
}
