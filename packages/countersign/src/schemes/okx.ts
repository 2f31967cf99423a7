import { readDeclaration } from '../scheme/read-declaration.ts'
import { dates } from '../sign/dates.ts'
import { markedBodies } from '../sign/marked-bodies.ts'
import { passphrases } from '../sign/passphrases.ts'

/** OKX. The timestamp is ISO 8601 with milliseconds. */
export const okx = /* @__PURE__ */ readDeclaration(
  {
    name: 'okx',
    title: 'OKX',
    docs: 'https://www.okx.com/docs-v5/en/#overview-rest-authentication',
    algorithm: 'hmac-sha256',
    timestamp: { formats: ['iso8601'] },
    message: '{timestamp}{method}{target}{body}',
    signature: { encoding: 'base64' },
    headers: {
      'ok-access-key': '{keyId}',
      'ok-access-passphrase': '{passphrase}',
      'ok-access-timestamp': '{timestamp}',
      'ok-access-sign': '{signature}',
    },
  },
  { ...dates, ...passphrases, ...markedBodies },
)
