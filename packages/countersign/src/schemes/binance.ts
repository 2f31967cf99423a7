import { type DeclaredScheme, readDeclaration } from '../scheme.ts'

/**
 * Binance. Query and form body are signed one behind the other, and the signature is appended to the query. With parameters in the body a
 * verifier has to allow `ambiguous-request`, since nothing marks where the query ends.
 */
export const binance: DeclaredScheme = /* @__PURE__ */ readDeclaration({
  name: 'binance',
  title: 'Binance',
  docs: 'https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security',
  algorithm: 'hmac-sha256',
  timestamp: { formats: ['milliseconds', 'microseconds'] },
  message: '{query}{body}',
  signature: { encoding: 'hex' },
  headers: { 'x-mbx-apikey': '{keyId}' },
  query: { timestamp: '{timestamp}', signature: '{signature}' },
})
