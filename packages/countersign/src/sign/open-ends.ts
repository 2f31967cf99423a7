import { openEndsOf } from '../recipe/open-ends.ts'
import type { SignerFeatures } from '../scheme.ts'

/** For schemes of which some calls could be read as another: the check that a verifier makes. */
export const openEnds: Required<Pick<SignerFeatures, 'openEnds'>> = {
  openEnds(scheme) {
    // What can be seen in no call can't be verified at all, and is signed for those who take it.
    const ends = openEndsOf(scheme).filter(({ seen }) => seen === 'per-call')
    return call => ends.some(({ isOpen }) => isOpen(call))
  },
}
