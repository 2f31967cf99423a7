import type { Digest } from '../crypto/algorithm.ts'
import type { CompiledHash } from '../recipe/compile.ts'
import { field, filter } from '../recipe/recipe.ts'
import type { BytesEncoding } from '../wire/encoding.ts'
import { bodyMessage } from '../wire/message.ts'

/** The hash of a call's body, for what a header states of it. */
export function bodyHash(digest: Digest, encoding: BytesEncoding): CompiledHash {
  return { recipe: filter(encoding, filter(digest, field('body'))), digest, encoding, write: call => bodyMessage(call.body) }
}
