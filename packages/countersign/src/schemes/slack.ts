import { readDeclaration } from '../scheme/read-declaration.ts'

/**
 * Requests from Slack to an app. Time and body are signed and nothing else: events, commands and interactions are
 * posted to the URLs that were registered for them, so a verifier takes a POST with a body at any path and query unless
 * it says more. An app that tells those apart by their path should name one `only.paths` for each verifier.
 */
export const slack = /* @__PURE__ */ readDeclaration({
  name: 'slack',
  title: 'Slack requests',
  docs: 'https://api.slack.com/authentication/verifying-requests-from-slack',
  algorithm: 'hmac-sha256',
  timestamp: { formats: ['seconds'] },
  message: 'v0:{timestamp}:{body}',
  signature: { encoding: 'hex' },
  headers: { 'x-slack-request-timestamp': '{timestamp}', 'x-slack-signature': 'v0={signature}' },
  only: { methods: ['POST'], paths: 'any', query: 'any', body: 'required' },
})
