import { defineScheme, type Scheme } from '../scheme.ts'

/** Stripe webhooks. The secret is used as it is shown, `whsec_` and all; several `v1` may stand in the header. */
export const stripe: Scheme = /* @__PURE__ */ defineScheme({
  name: 'stripe',
  title: 'Stripe webhooks',
  docs: 'https://docs.stripe.com/webhooks#verify-manually',
  algorithm: 'hmac-sha256',
  timestamp: { formats: ['seconds'] },
  message: '{timestamp}.{body}',
  signature: { encoding: 'hex' },
  headers: { 'stripe-signature': { separator: ',', items: ['t={timestamp}', 'v1={signature}'] } },
})
