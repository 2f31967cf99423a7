import { coverageOf, type Scheme } from 'countersign'
import { asUpstreamReads, OVERRIDES } from './header-names.ts'
import { percentDecoded } from './percent.ts'
import { carriedHeaders } from './strip-signature.ts'

const NONE: ReadonlySet<string> = new Set()

/**
 * Whether a request has an override that may be signed: taken off, it would be missing from what was verified, and sent
 * on, it would make another call of it. One that isn't signed is taken off.
 *
 * @param schemes those that may have signed the request. Which headers are signed is what the scheme says, or the
 * client's list of them in what the scheme carries.
 * @param kept goes upstream as it is
 */
export function compileSignedOverride(
  schemes: readonly Scheme[],
  kept: ReadonlySet<string> = NONE,
): (raw: readonly string[], target: string) => boolean {
  const covered = new Set(schemes.flatMap(scheme => Object.keys(coverageOf(scheme).parts)))
  const carriers = new Set(schemes.flatMap(carriedHeaders))
  return (raw, target) => {
    const overrides: string[] = []
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const lower = (raw[at] ?? '').toLowerCase()
      // Cheap first: every override's name begins with an x.
      if (lower.startsWith('x') && OVERRIDES.has(asUpstreamReads(lower)) && !kept.has(lower)) overrides.push(lower)
    }
    if (overrides.length === 0) return false
    const texts = [percentDecoded(target.slice(target.indexOf('?') + 1))]
    for (let at = 0; at + 1 < raw.length; at += 2) if (carriers.has((raw[at] ?? '').toLowerCase())) texts.push(raw[at + 1] ?? '')
    const signedNames = texts.join('\n').toLowerCase()
    return overrides.some(name => covered.has(`header.${name}`) || signedNames.includes(name))
  }
}
