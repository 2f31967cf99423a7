export async function POST({ request, locals }) {
  globalThis.countersignWorld.handled()
  const { body } = locals.verified
  const read = Buffer.from(await request.arrayBuffer())
  return Response.json({ verified: Buffer.from(body ?? []).toString(), read: read.toString() })
}
