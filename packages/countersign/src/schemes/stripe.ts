import { readDeclaration } from '../scheme/read-declaration.ts'

/**
 * Stripe webhooks. The secret is used as it is shown, `whsec_` and all; several `v1` may stand in the header. Time and
 * body are signed and nothing else: events are posted to whatever URL was registered, so a verifier takes a POST with a
 * body at any path and query unless it says more.
 */
export const stripe = /* @__PURE__ */ readDeclaration({
  name: 'stripe',
  title: 'Stripe webhooks',
  docs: 'https://docs.stripe.com/webhooks#verify-manually',
  algorithm: 'hmac-sha256',
  timestamp: { formats: ['seconds'] },
  message: '{timestamp}.{body}',
  signature: { encoding: 'hex' },
  headers: { 'stripe-signature': { separator: ',', items: ['t={timestamp}', 'v1={signature}'] } },
  only: { methods: ['POST'], paths: 'any', query: 'any', body: 'required' },
})
