import { type DeclaredScheme, readDeclaration } from '../scheme.ts'

/** GitHub webhooks. No timestamp is signed, so a replay can't be told from a redelivery. */
export const github: DeclaredScheme = /* @__PURE__ */ readDeclaration({
  name: 'github',
  title: 'GitHub webhooks',
  docs: 'https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries',
  algorithm: 'hmac-sha256',
  message: '{body}',
  signature: { encoding: 'hex' },
  headers: { 'x-hub-signature-256': 'sha256={signature}' },
})
