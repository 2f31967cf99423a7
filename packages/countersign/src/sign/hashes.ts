import { hashFilters } from '../recipe/hashes.ts'
import type { SignerFeatures } from '../scheme/scheme.ts'

/** For schemes with hashes in their message or a header. */
export const hashes: Required<Pick<SignerFeatures, 'recipes'>> = { recipes: hashFilters }
