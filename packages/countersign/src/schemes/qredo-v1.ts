import { readDeclaration } from '../scheme/read-declaration.ts'
import { markedBodies } from '../sign/marked-bodies.ts'

/**
 * Qredo API v1. The page says nanoseconds, its own example and the Go tool write seconds: both are taken, as are the
 * two between. Signed in nanoseconds, so that a retry can be told from a replay.
 */
export const qredoV1 = /* @__PURE__ */ readDeclaration(
  {
    name: 'qredo-v1',
    title: 'Qredo API v1',
    docs: 'https://api-v1-developers.qredo.com/developer-guides/qredo-api/sign-api-calls',
    algorithm: 'hmac-sha256',
    secret: { encoding: 'base64' },
    timestamp: { formats: ['nanoseconds', 'seconds', 'milliseconds', 'microseconds'] },
    message: '{timestamp}{method}{url}{body}',
    signature: { encoding: 'base64url' },
    headers: { 'qredo-api-key': '{keyId}', 'qredo-api-ts': '{timestamp}', 'qredo-api-sig': '{signature}' },
  },
  markedBodies,
)
