import type { Digest } from './algorithm.ts'

/** As WebCrypto has it: `SHA-256`. */
export function digestName(digest: Digest): string {
  return digest.replace('sha', 'SHA-')
}

/** WebCrypto's types want bytes that are known not to be shared memory. */
export function fixed(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.from(bytes)
}
