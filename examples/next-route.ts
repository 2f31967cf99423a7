/** The check in a route handler of Next.js: `app/orders/route.ts`. */
import { createVerifier, memoryKeys } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { requireSignature } from 'countersign/web'

const { API_KEY = '', API_SECRET = '' } = process.env

const verifier = createVerifier(qredoV1, {
  origin: 'https://api.example.com',
  keys: memoryKeys(qredoV1, [{ id: API_KEY, secret: API_SECRET }]),
})

export const POST = requireSignature(verifier, (_request, { key, body }) =>
  Response.json({ hello: key.id, order: JSON.parse(new TextDecoder().decode(body)) as unknown }),
)
