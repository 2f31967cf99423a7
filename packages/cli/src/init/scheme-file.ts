import type { SchemeDeclaration } from 'countersign'

const SCHEMA = 'https://raw.githubusercontent.com/countersign/countersign/main/packages/countersign/scheme.schema.json'

/**
 * A scheme of one's own to begin with: time, method, target and body are signed, each on a line of its own, so that
 * nothing of a call can be changed or moved.
 */
export function ownDeclaration(name: string): SchemeDeclaration & { readonly $schema: string } {
  return {
    $schema: SCHEMA,
    name,
    title: `Calls of ${name}`,
    algorithm: 'hmac-sha256',
    secret: { encoding: 'base64' },
    timestamp: { formats: ['seconds'] },
    message: '{timestamp}\n{method}\n{url}\n{body|sha256|hex}',
    signature: { encoding: 'base64' },
    headers: { [`${name}-key`]: '{keyId}', [`${name}-timestamp`]: '{timestamp}', [`${name}-signature`]: '{signature}' },
  }
}
