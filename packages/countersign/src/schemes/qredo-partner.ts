import { readDeclaration } from '../scheme/read-declaration.ts'
import { markedBodies } from '../sign/marked-bodies.ts'
import { nonces } from '../sign/nonces.ts'

/**
 * The older Partner API: RSA with the client's own key pair, a timestamp or a nonce. No method is signed. With one
 * method, nothing about a call can be changed; with GET and POST together, a GET could become a POST without a body to
 * the same URL (the other way round a body is in the way, which a GET may not have). So a verifier takes GET alone; one
 * that takes calls with a body names `only: { methods: ['POST'], body: 'required' }`, or several methods where none of
 * its URLs does anything on a bare POST.
 */
export const qredoPartner = /* @__PURE__ */ readDeclaration(
  {
    name: 'qredo-partner',
    title: 'Qredo Partner API',
    docs: 'https://developers.qredo.com/partner-api/getting-started/sign-api-calls/',
    algorithm: 'rsa-v1_5-sha256',
    timestamp: { formats: ['seconds'] },
    message: '{timestamp or nonce}{url}{body}',
    signature: { encoding: 'base64url' },
    headers: { 'x-api-key': '{keyId}', 'x-timestamp': '{timestamp}', 'x-nonce': '{nonce}', 'x-sign': '{signature}' },
    only: { methods: ['GET'] },
  },
  { ...nonces, ...markedBodies },
)
