/**
 * An API whose keys are in a key store: made with `countersign keys create`, refused within a second of
 * `countersign keys revoke`.
 */
import { createServer } from 'node:http'
import { openKeyService, principalOf } from '@countersign/server'
import { createVerifier } from 'countersign'
import { requireSignature } from 'countersign/node'
import { qredoV1 } from 'countersign/schemes'

const { PORT = '8080', COUNTERSIGN_STORE = 'countersign.db' } = process.env

const service = await openKeyService({ store: COUNTERSIGN_STORE })
const verifier = createVerifier(qredoV1, {
  origin: `http://127.0.0.1:${PORT}`,
  keys: service.source.ofScheme(qredoV1.name),
  // Counted for the owners of the keys: see the console, or GET /admin/v1/keys/{id}/usage.
  onRefused: service.refusals.refused,
})

const listener = requireSignature(
  verifier,
  (_request, response, { key }) => {
    service.used(key)
    const { organisationId, fundId } = principalOf(key)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ organisationId, fundId }))
  },
  { permission: 'balance' },
)

createServer(listener).listen(Number(PORT), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${PORT}`))
