import type { Digest } from '../crypto/algorithm.ts'
import type { BytesEncoding } from '../wire/encoding.ts'
import { bodyMessage } from '../wire/message.ts'
import type { CompiledHash } from './compile.ts'
import { field, filter } from './recipe.ts'

/** The hash of a call's body, for what a header states of it. */
export function bodyHash(digest: Digest, encoding: BytesEncoding): CompiledHash {
  return { recipe: filter(encoding, filter(digest, field('body'))), digest, encoding, write: call => bodyMessage(call.body) }
}
