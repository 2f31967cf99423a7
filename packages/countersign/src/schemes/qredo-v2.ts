import { readDeclaration } from '../scheme/read-declaration.ts'
import { markedBodies } from '../sign/marked-bodies.ts'

/**
 * Qredo API v2: the one signed call, which fetches a token. The message is that of v1; the headers have longer names.
 */
export const qredoV2 = /* @__PURE__ */ readDeclaration(
  {
    name: 'qredo-v2',
    title: 'Qredo API v2, the token call',
    docs: 'https://developers.qredo.com/developer-guides/qredo-api/get-auth-token',
    algorithm: 'hmac-sha256',
    secret: { encoding: 'base64' },
    timestamp: { formats: ['seconds'] },
    message: '{timestamp}{method}{url}{body}',
    signature: { encoding: 'base64url' },
    headers: { 'qredo-api-key': '{keyId}', 'qredo-api-timestamp': '{timestamp}', 'qredo-api-signature': '{signature}' },
  },
  markedBodies,
)
