import { type OpenApiDocument, openApiOf } from '@countersign/server'
import { qredoPartner, qredoV1, qredoV2, rfc9421 } from 'countersign/schemes'
import type { Api } from './api.ts'

/** Everything that the sandbox answers, in OpenAPI 3.1, from the schemas that it is checked with. */
export function describeApis(apis: readonly Api[]): OpenApiDocument {
  const header = (name: string, description: string): object => ({ type: 'apiKey', in: 'header', name, description })
  return openApiOf({
    title: 'Countersign sandbox',
    version: '1',
    description:
      'The Qredo API v1 with its feed, the token flow of v2 and the older Partner API, to try clients on. Integers are in the smallest unit of their asset and may be too large for a floating-point number: read them as integers.',
    calls: apis.flatMap(({ title, base, endpoints, security, requiredFor }) =>
      endpoints.map(endpoint => ({
        ...endpoint,
        path: base + endpoint.path,
        status: endpoint.status ?? 200,
        tag: title,
        description: whoMay(endpoint.isForEveryKey === true ? undefined : (requiredFor(endpoint.method, endpoint.path)?.permissions ?? [])),
        security,
      })),
    ),
    securitySchemes: {
      [qredoV1.name]: header(
        'qredo-api-sig',
        'base64url(HMAC-SHA256(secret, timestamp + method + URL + body)), beside qredo-api-key and qredo-api-ts.',
      ),
      [rfc9421.name]: header('signature', 'HTTP Message Signatures (RFC 9421), beside signature-input.'),
      [qredoV2.name]: header('qredo-api-signature', 'As for v1, beside qredo-api-key and qredo-api-timestamp.'),
      'x-token': header('x-token', 'The token, for an hour.'),
      [qredoPartner.name]: header(
        'x-sign',
        'base64url(RSA-SHA256(timestamp or nonce + URL + body)), beside x-api-key and x-timestamp or x-nonce.',
      ),
    },
    error: {
      name: 'Error',
      type: 'application/json',
      schema: {
        type: 'object',
        description: '`code` is stable.',
        properties: {
          code: { type: 'string' },
          msg: { type: 'string' },
          detail: {
            type: 'object',
            properties: { reason: { type: 'string' }, serverTime: { type: 'string', format: 'date-time' } },
            required: ['reason'],
          },
        },
        required: ['code', 'msg', 'detail'],
      },
    },
  })
}

function whoMay(permissions: readonly string[] | undefined): string {
  if (permissions === undefined) return 'Any good key.'
  return `The key needs the permission ${permissions.join(' or ')}.`
}
