import { readDeclaration } from '../scheme/read-declaration.ts'

/**
 * GitHub webhooks. No timestamp is signed, so a replay can't be told from a redelivery. Only the body is signed: events
 * are posted to whatever URL was registered, so a verifier takes a POST with a body at any path and query unless it
 * says more.
 */
export const github = /* @__PURE__ */ readDeclaration({
  name: 'github',
  title: 'GitHub webhooks',
  docs: 'https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries',
  algorithm: 'hmac-sha256',
  message: '{body}',
  signature: { encoding: 'hex' },
  headers: { 'x-hub-signature-256': 'sha256={signature}' },
  only: { methods: ['POST'], paths: 'any', query: 'any', body: 'required' },
})
