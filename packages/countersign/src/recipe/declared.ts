import type { Capabilities } from './compile.ts'
import { hashFilters } from './hashes.ts'
import { textFilters } from './text-filters.ts'

/** Everything that the recipes of declarations can need. */
export const DECLARED: Capabilities = { ...hashFilters, filter: textFilters }
