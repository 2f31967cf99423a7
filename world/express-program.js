/**
 * A program that signs a call to an Express of its own, which verifies it; and one with another secret. It prints both
 * answers.
 *
 * @param {string} scheme the name of its export
 */
export const expressProgram = scheme => `
import { createSigner, createVerifier, memoryKeys, signedFetch } from 'countersign'
import { requireSignature, verifiedCall } from 'countersign/express'
import { ${scheme} as scheme } from 'countersign/schemes'
import express from 'express'

const [secret, other] = [7, 8].map(byte => Buffer.alloc(32, byte).toString('base64'))
const app = express()
const server = app.listen(0, '127.0.0.1', async () => {
  const origin = 'http://127.0.0.1:' + server.address().port
  const verifier = createVerifier(scheme, { origin, keys: memoryKeys(scheme, [{ id: 'k1', secret }]) })
  app.get('/hello', requireSignature(verifier), (request, response) => response.json({ hello: verifiedCall(request).key.id }))
  for (const each of [secret, other]) {
    const answer = await signedFetch(createSigner(scheme, { keyId: 'k1', secret: each }))(origin + '/hello')
    console.log(answer.status, await answer.text())
  }
  process.exit(0)
})
`
