import { compileGuards } from '../coverage/guards.ts'
import { openEndsOf } from '../coverage/open-ends.ts'
import type { SignerFeatures } from '../scheme/scheme.ts'

/** For schemes of which some calls could be read as another: the check that a verifier makes. */
export const openEnds: Required<Pick<SignerFeatures, 'openEnds'>> = {
  openEnds(scheme) {
    // What can be seen in no call can't be verified at all, and is signed for those who take it.
    const isHopeless = openEndsOf(scheme).some(({ seen }) => seen === 'never')
    const guard = compileGuards(scheme, { allowed: new Set(isHopeless ? (['ambiguous-request'] as const) : []) })
    return call => guard(call) !== undefined
  },
}
