import { readDeclaration } from '../scheme/read-declaration.ts'
import { markedBodies } from '../sign/marked-bodies.ts'
import { passphrases } from '../sign/passphrases.ts'

/** KuCoin, keys of version 2: the passphrase travels signed with the secret. */
export const kucoin = /* @__PURE__ */ readDeclaration(
  {
    name: 'kucoin',
    title: 'KuCoin',
    docs: 'https://www.kucoin.com/docs-new/authentication',
    algorithm: 'hmac-sha256',
    timestamp: { formats: ['milliseconds'] },
    message: '{timestamp}{method}{target}{body}',
    signature: { encoding: 'base64' },
    headers: {
      'kc-api-key': '{keyId}',
      'kc-api-passphrase': '{passphrase|hmac|base64}',
      'kc-api-timestamp': '{timestamp}',
      'kc-api-sign': '{signature}',
      'kc-api-key-version': '2',
    },
  },
  { ...passphrases, ...markedBodies },
)
