import { type DeclaredScheme, readDeclaration } from '../scheme.ts'

/** The older Partner API: RSA with the client's own key pair, no method in the message, a timestamp or a nonce. */
export const qredoPartner: DeclaredScheme = /* @__PURE__ */ readDeclaration({
  name: 'qredo-partner',
  title: 'Qredo Partner API',
  docs: 'https://developers.qredo.com/partner-api/getting-started/sign-api-calls/',
  algorithm: 'rsa-v1_5-sha256',
  timestamp: { formats: ['seconds'] },
  message: '{timestamp or nonce}{url}{body}',
  signature: { encoding: 'base64url' },
  headers: { 'x-api-key': '{keyId}', 'x-timestamp': '{timestamp}', 'x-nonce': '{nonce}', 'x-sign': '{signature}' },
})
