import type { CacheLimits } from '../contract/bounded-cache.ts'

/**
 * What a call may cover, in components or headers. A list that was never seen before is compiled before its signature
 * is looked at, so a stranger may not choose how long that takes. Clients cover ten or so.
 */
export const MAX_COVERED = 64

/** In characters, of a list as it travels. A scheme can't demand a longer one, for no verifier would read it. */
export const MAX_LIST_LENGTH = 4096

/** The lists that a verifier keeps compiled: clients of one API send only a few. */
export const KEPT_LISTS: CacheLimits = { entries: 64, characters: 1024 }
