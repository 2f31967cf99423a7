import { type DeclaredScheme, readDeclaration } from '../scheme.ts'

/** Requests from Slack to an app. */
export const slack: DeclaredScheme = /* @__PURE__ */ readDeclaration({
  name: 'slack',
  title: 'Slack requests',
  docs: 'https://api.slack.com/authentication/verifying-requests-from-slack',
  algorithm: 'hmac-sha256',
  timestamp: { formats: ['seconds'] },
  message: 'v0:{timestamp}:{body}',
  signature: { encoding: 'hex' },
  headers: { 'x-slack-request-timestamp': '{timestamp}', 'x-slack-signature': 'v0={signature}' },
})
