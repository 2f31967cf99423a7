import { concatBytes } from './encoding.ts'

/**
 * Reads a stream to its end, or leaves it beyond `maxBytes`, to whoever gave it: to cancel a request's body closes its
 * connection on some platforms, before it is answered.
 */
export async function readStream(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array | 'too-large'> {
  const pieces: Uint8Array[] = []
  let length = 0
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return concatBytes(pieces)
    length += value.length
    if (length > maxBytes) {
      reader.releaseLock()
      return 'too-large'
    }
    pieces.push(value)
  }
}
