import { readDeclaration } from '../scheme/read-declaration.ts'
import { parameters } from '../sign/parameters.ts'

/**
 * Standard Webhooks (and Svix). Several signatures may stand in the header; those of other versions are passed over.
 * The id may hold any visible character but `.`, which stands behind it in the message, and `,`. Id, time and body are
 * signed and nothing else: events are posted to whatever URL was registered, so a verifier takes a POST with a body at
 * any path and query unless it says more.
 */
export const standardWebhooks = /* @__PURE__ */ readDeclaration(
  {
    name: 'standard-webhooks',
    title: 'Standard Webhooks',
    docs: 'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md',
    algorithm: 'hmac-sha256',
    secret: { encoding: 'base64', prefix: 'whsec_' },
    timestamp: { formats: ['seconds'] },
    parameters: { messageId: { characters: 'visible', without: '.,', generate: 'uuid' } },
    message: '{messageId}.{timestamp}.{body}',
    signature: { encoding: 'base64' },
    headers: {
      'webhook-id': '{messageId}',
      'webhook-timestamp': '{timestamp}',
      'webhook-signature': { separator: ' ', items: ['v1,{signature}'] },
    },
    only: { methods: ['POST'], paths: 'any', query: 'any', body: 'required' },
  },
  parameters,
)
