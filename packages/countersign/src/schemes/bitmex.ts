import { readDeclaration } from '../scheme/read-declaration.ts'
import { markedBodies } from '../sign/marked-bodies.ts'
import { stamps } from '../sign/stamps.ts'

/** BitMEX. The timestamp says until when the call holds. */
export const bitmex = /* @__PURE__ */ readDeclaration(
  {
    name: 'bitmex',
    title: 'BitMEX',
    docs: 'https://www.bitmex.com/app/apiKeysUsage',
    algorithm: 'hmac-sha256',
    timestamp: { formats: ['seconds'], meaning: 'expires' },
    message: '{method}{target}{timestamp}{body}',
    signature: { encoding: 'hex' },
    headers: { 'api-key': '{keyId}', 'api-expires': '{timestamp}', 'api-signature': '{signature}' },
  },
  { ...stamps, ...markedBodies },
)
