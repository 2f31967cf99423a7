import { beginsInTarget } from '../coverage/begins-in-target.ts'
import type { SignerFeatures } from '../scheme/scheme.ts'

/**
 * What {@link openEnds} comes to for a scheme that signs the body right behind the URL or its end, in a few bytes: a
 * body has to begin as no URL can go on.
 */
export const markedBodies: Required<Pick<SignerFeatures, 'openEnds'>> = { openEnds: () => call => beginsInTarget(call.body) }
