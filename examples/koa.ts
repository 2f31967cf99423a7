/** An API on Koa that lets only signed calls through. */
import { createVerifier, memoryKeys } from 'countersign'
import { requireSignature, verifiedCall } from 'countersign/koa'
import { qredoV1 } from 'countersign/schemes'
import Koa from 'koa'
import bodyParser from 'koa-bodyparser'

const { PORT = '8080', API_KEY = '', API_SECRET = '' } = process.env

const verifier = createVerifier(qredoV1, {
  origin: `http://127.0.0.1:${PORT}`,
  keys: memoryKeys(qredoV1, [{ id: API_KEY, secret: API_SECRET, permissions: ['orders'] }]),
})

const app = new Koa()
app.use(bodyParser())
app.use(requireSignature(verifier, { permission: 'orders' }))
app.use(context => {
  const { amount } = context.request.body as { amount: string }
  context.body = { hello: verifiedCall(context).key.id, amount }
})
app.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${PORT}`))
