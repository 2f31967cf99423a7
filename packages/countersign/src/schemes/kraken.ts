import { type DeclaredScheme, readDeclaration } from '../scheme.ts'

/** Kraken spot. The nonce is a parameter of the form-encoded body and grows with every call; path and hash are signed with SHA-512. */
export const kraken: DeclaredScheme = /* @__PURE__ */ readDeclaration({
  name: 'kraken',
  title: 'Kraken spot',
  docs: 'https://docs.kraken.com/api/docs/guides/spot-rest-auth',
  algorithm: 'hmac-sha512',
  secret: { encoding: 'base64' },
  nonce: { formats: ['milliseconds', 'any'] },
  message: ['{path}', { hash: 'sha256', encoding: 'raw', of: ['{nonce}', '{body}'] }],
  signature: { encoding: 'base64' },
  headers: { 'api-key': '{keyId}', 'api-sign': '{signature}' },
  form: { nonce: '{nonce}' },
})
