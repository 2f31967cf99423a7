/** An API that lets only signed calls through, on `node:http`. */
import { createServer } from 'node:http'
import { createVerifier, explainFailure, memoryKeys } from 'countersign'
import { requireSignature } from 'countersign/node'
import { qredoV1 } from 'countersign/schemes'

const { PORT = '8080', API_KEY = '', API_SECRET = '' } = process.env

const verifier = createVerifier(qredoV1, {
  // The public origin: it is what clients sign, and it is never taken from the request.
  origin: `http://127.0.0.1:${PORT}`,
  keys: memoryKeys(qredoV1, [{ id: API_KEY, secret: API_SECRET, permissions: ['orders'] }]),
})

const listener = requireSignature(
  verifier,
  (request, response, { key, body }) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ hello: key.id, path: request.url, bytes: body?.length ?? 0 }))
  },
  { permission: 'orders', onRefused: failure => console.error(failure.code, explainFailure(failure)) },
)

createServer(listener).listen(Number(PORT), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${PORT}`))
