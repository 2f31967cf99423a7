import { requireSignature } from 'countersign/web'

const options = globalThis.countersignWorld

export const POST = requireSignature(
  options.verifier,
  async (request, verified) => {
    options.handled()
    const read = Buffer.from(await request.arrayBuffer())
    return Response.json({ verified: Buffer.from(verified.body ?? []).toString(), read: read.toString() })
  },
  { onError: options.onError },
)
