import { readDeclaration } from '../scheme/read-declaration.ts'
import { forms } from '../sign/forms.ts'
import { hashes } from '../sign/hashes.ts'
import { nonces } from '../sign/nonces.ts'

/**
 * Kraken spot. The nonce is a parameter of the form-encoded body and grows with every call; path and hash are signed
 * with SHA-512. Neither method nor query is signed: every private call is a POST whose parameters are in its body, so a
 * verifier takes POST alone, and no query.
 */
export const kraken = /* @__PURE__ */ readDeclaration(
  {
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
    only: { methods: ['POST'] },
  },
  { ...forms, ...hashes, ...nonces },
)
