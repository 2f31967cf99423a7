import { concatBytes } from './encoding.ts'

/** Reads a stream to its end, or gives it up beyond `maxBytes`. */
export async function readStream(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array | 'too-large'> {
  const pieces: Uint8Array[] = []
  let length = 0
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return concatBytes(pieces)
    length += value.length
    if (length > maxBytes) {
      // Not waited for: of a stream that was split in two, it ends only with the other half.
      reader.cancel().catch(() => {})
      return 'too-large'
    }
    pieces.push(value)
  }
}
