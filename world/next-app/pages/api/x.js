import { buffer } from 'node:stream/consumers'
import { signed, verifiedCall } from 'countersign/node'

export const config = { api: { bodyParser: false } }

const { verifier, handled, onError } = globalThis.countersignWorld
const check = signed(verifier, { onError })

export default function handler(request, response) {
  return check(request, response, async () => {
    handled()
    const { body } = verifiedCall(request)
    response.json({ verified: Buffer.from(body ?? []).toString(), read: (await buffer(request)).toString() })
  })
}
