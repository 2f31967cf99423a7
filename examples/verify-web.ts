/** The same check as a web-standard handler, as Deno, Bun, Cloudflare Workers and many frameworks take it. */
import { createVerifier, memoryKeys } from 'countersign'
import { qredoV1 } from 'countersign/schemes'
import { requireSignature } from 'countersign/web'

const { API_KEY = '', API_SECRET = '' } = process.env

const verifier = createVerifier(qredoV1, {
  origin: 'https://api.example.com',
  keys: memoryKeys(qredoV1, [{ id: API_KEY, secret: API_SECRET }]),
})

export default {
  fetch: requireSignature(verifier, (_request, { key, body }) => Response.json({ hello: key.id, bytes: body?.length ?? 0 })),
}
