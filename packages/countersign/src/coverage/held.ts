import type { Loss } from '../contract/loss.ts'

/**
 * The losses of a part that is signed, each with what its one spelling is where there are several ways to lose it:
 * `lower` or `upper` for letter-case, `mark` for empty-parameters of which only a `?` with nothing behind it is lost.
 */
export type Losses = ReadonlyMap<Loss, Spelling>
export type Spelling = '' | 'lower' | 'upper' | 'mark'

/** Every part of a request that a signature covers; unsigned parts are left out. */
export type Held = ReadonlyMap<string, Losses>

export const NO_LOSSES: Losses = new Map()

/** The parts that both cover, with the losses of either. */
export function inBoth(one: Held, other: Held): Map<string, Losses> {
  const both = new Map<string, Losses>()
  for (const [part, losses] of one) {
    const others = other.get(part)
    if (others !== undefined) both.set(part, new Map([...losses, ...others]))
  }
  return both
}

/**
 * Adds a part. If it is signed twice, keeps the way with fewer losses. The losses that both ways share would be too
 * few: losses overlap. `%2f` and `%2F` differ in letter case and in escaping, so a part signed once in lower case and
 * once decoded loses that difference both times.
 */
export function cover(held: Map<string, Losses>, part: string, losses: Losses): void {
  const known = held.get(part)
  if (known === undefined || weight(losses) < weight(known)) held.set(part, losses)
}

function weight(losses: Losses): number {
  return losses.size - (losses.get('empty-parameters') === 'mark' ? 0.5 : 0)
}

/** The same, and one more. */
export function plus(losses: Losses, loss: Loss, spelling: Spelling = ''): Losses {
  return losses.get(loss) === spelling ? losses : new Map([...losses, [loss, spelling]])
}

export function withMark(losses: Losses): Losses {
  return losses.has('empty-parameters') ? losses : plus(losses, 'empty-parameters', 'mark')
}
