import { readDeclaration } from '../scheme/read-declaration.ts'

/**
 * Shopify webhooks. No timestamp is signed, so a replay can't be told from a redelivery: drop those by
 * `x-shopify-webhook-id`. Only the body is signed: events are posted to whatever URL was registered, so a verifier
 * takes a POST with a body at any path and query unless it says more.
 */
export const shopify = /* @__PURE__ */ readDeclaration({
  name: 'shopify',
  title: 'Shopify webhooks',
  docs: 'https://shopify.dev/docs/apps/build/webhooks/subscribe/https#step-2-validate-the-origin-of-your-webhook-to-ensure-its-coming-from-shopify',
  algorithm: 'hmac-sha256',
  message: '{body}',
  signature: { encoding: 'base64' },
  headers: { 'x-shopify-hmac-sha256': '{signature}' },
  only: { methods: ['POST'], paths: 'any', query: 'any', body: 'required' },
})
