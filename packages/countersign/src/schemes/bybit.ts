import { readDeclaration } from '../scheme/read-declaration.ts'
import { openEnds } from '../sign/open-ends.ts'
import { parameters } from '../sign/parameters.ts'

/**
 * Bybit v5. The query of a GET or the body of a POST is signed, behind the receive window in milliseconds; neither
 * method nor path is. A read that is sent on to another path reads at most what its key may read, while a write could
 * become another write, so a verifier takes GET at any path; to take writes, name their methods and their paths.
 */
export const bybit = /* @__PURE__ */ readDeclaration(
  {
    name: 'bybit',
    title: 'Bybit v5',
    docs: 'https://bybit-exchange.github.io/docs/v5/guide#authentication',
    algorithm: 'hmac-sha256',
    timestamp: { formats: ['milliseconds'] },
    parameters: { recvWindow: { default: '5000', characters: 'digits' } },
    message: '{timestamp}{keyId}{recvWindow}{payload}',
    signature: { encoding: 'hex' },
    headers: {
      'x-bapi-api-key': '{keyId}',
      'x-bapi-timestamp': '{timestamp}',
      'x-bapi-recv-window': '{recvWindow}',
      'x-bapi-sign': '{signature}',
    },
    only: { methods: ['GET'], paths: 'any' },
  },
  { ...parameters, ...openEnds },
)
