import { readDeclaration } from '../scheme/read-declaration.ts'
import { openEnds } from '../sign/open-ends.ts'
import { queries } from '../sign/queries.ts'

/**
 * Binance. Query and form body are signed one behind the other, and the signature is appended to the query, which is
 * where a verifier looks for it and the timestamp; neither method nor path is signed. A read that is sent on to
 * another path reads at most what its key may read, while a write could become another write, so a verifier takes GET
 * at any path; to take writes, name their methods and their paths.
 */
export const binance = /* @__PURE__ */ readDeclaration(
  {
    name: 'binance',
    title: 'Binance',
    docs: 'https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security',
    algorithm: 'hmac-sha256',
    timestamp: { formats: ['milliseconds', 'microseconds'] },
    message: '{query}{body}',
    signature: { encoding: 'hex' },
    headers: { 'x-mbx-apikey': '{keyId}' },
    query: { timestamp: '{timestamp}', signature: '{signature}' },
    only: { methods: ['GET'], paths: 'any' },
  },
  { ...queries, ...openEnds },
)
