/** An API on Fastify that lets only signed calls through. */
import { createVerifier, memoryKeys } from 'countersign'
import { requireSignature, verifiedCall } from 'countersign/fastify'
import { qredoV1 } from 'countersign/schemes'
import fastify from 'fastify'

const { PORT = '8080', API_KEY = '', API_SECRET = '' } = process.env

const verifier = createVerifier(qredoV1, {
  origin: `http://127.0.0.1:${PORT}`,
  keys: memoryKeys(qredoV1, [{ id: API_KEY, secret: API_SECRET, permissions: ['orders'] }]),
})

const app = fastify()
app.post<{ Body: { amount: string } }>('/orders', { preParsing: requireSignature(verifier, { permission: 'orders' }) }, async request => ({
  hello: verifiedCall(request).key.id,
  amount: request.body.amount,
}))
await app.listen({ port: Number(PORT), host: '127.0.0.1' })
console.log(`listening on http://127.0.0.1:${PORT}`)
