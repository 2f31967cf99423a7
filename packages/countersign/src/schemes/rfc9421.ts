import { httpMessageSignatures } from '../bases/http-signatures/scheme.ts'

/**
 * HTTP Message Signatures, RFC 9421: what we recommend for a new API. Method, target URI and the body's digest are
 * covered, with the time, the key and a nonce; see `httpMessageSignatures` for other coverage.
 */
export const rfc9421 = /* @__PURE__ */ httpMessageSignatures()
