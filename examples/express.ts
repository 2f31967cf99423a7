/** An API on Express that lets only signed calls through, behind its body parser or before it. */
import { createVerifier, memoryKeys } from 'countersign'
import { checkBodyKept, requireSignature, verifiedCall } from 'countersign/express'
import { qredoV1 } from 'countersign/schemes'
import express from 'express'

const { PORT = '8080', API_KEY = '', API_SECRET = '' } = process.env

const verifier = createVerifier(qredoV1, {
  origin: `http://127.0.0.1:${PORT}`,
  keys: memoryKeys(qredoV1, [{ id: API_KEY, secret: API_SECRET, permissions: ['orders'] }]),
})

const app = express()
app.use(express.json({ verify: (request, _response, rawBody) => void Object.assign(request, { rawBody }) }))
app.post('/orders', requireSignature(verifier, { permission: 'orders' }), (request, response) => {
  response.json({ hello: verifiedCall(request).key.id, amount: request.body.amount })
})
// Ends the start, with what to do, when a parser would eat the bodies.
await checkBodyKept(app, { path: '/orders' })
app.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${PORT}`))
