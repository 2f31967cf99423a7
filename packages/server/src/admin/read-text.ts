/** A body as text; undefined when it has more than `maxBytes`, beyond which nothing is read. */
export async function readText(request: Request, maxBytes: number): Promise<string | undefined> {
  if (request.body === null) return ''
  const pieces: Uint8Array[] = []
  let length = 0
  const reader = request.body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(pieces).toString()
    length += value.length
    if (length > maxBytes) {
      await reader.cancel()
      return undefined
    }
    pieces.push(value)
  }
}
