/** An API on Hono that lets only signed calls through; here on Node, and the same on workers, Deno and Bun. */
import { serve } from '@hono/node-server'
import { createVerifier, memoryKeys } from 'countersign'
import { requireSignature, verifiedCall } from 'countersign/hono'
import { qredoV1 } from 'countersign/schemes'
import { Hono } from 'hono'

const { PORT = '8080', API_KEY = '', API_SECRET = '' } = process.env

const verifier = createVerifier(qredoV1, {
  origin: `http://127.0.0.1:${PORT}`,
  keys: memoryKeys(qredoV1, [{ id: API_KEY, secret: API_SECRET, permissions: ['orders'] }]),
})

const app = new Hono()
app.post('/orders', requireSignature(verifier, { permission: 'orders' }), async context => {
  const { amount } = await context.req.json<{ amount: string }>()
  return context.json({ hello: verifiedCall(context).key.id, amount })
})
serve({ fetch: app.fetch, port: Number(PORT), hostname: '127.0.0.1' }, () => console.log(`listening on http://127.0.0.1:${PORT}`))
