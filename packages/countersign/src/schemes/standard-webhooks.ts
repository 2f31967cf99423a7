import { type DeclaredScheme, readDeclaration } from '../scheme.ts'

/** Standard Webhooks (and Svix). Several signatures may stand in the header; those of other versions are passed over. */
export const standardWebhooks: DeclaredScheme = /* @__PURE__ */ readDeclaration({
  name: 'standard-webhooks',
  title: 'Standard Webhooks',
  docs: 'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md',
  algorithm: 'hmac-sha256',
  secret: { encoding: 'base64', prefix: 'whsec_' },
  timestamp: { formats: ['seconds'] },
  parameters: { messageId: { characters: 'token', generate: 'uuid' } },
  message: '{messageId}.{timestamp}.{body}',
  signature: { encoding: 'base64' },
  headers: {
    'webhook-id': '{messageId}',
    'webhook-timestamp': '{timestamp}',
    'webhook-signature': { separator: ' ', items: ['v1,{signature}'] },
  },
})
