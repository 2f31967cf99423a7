import { intervalOf, type Rate, type RateLimiter, type Taken, takenOf } from './rate.ts'

/** Buckets in memory; above it the one that was used longest ago is forgotten, as if it were full. */
const MAX_BUCKETS = 100_000

/** Counts the calls of this process. @param now milliseconds that only go forward */
export function memoryRates(now: () => number = () => performance.now(), maxBuckets = MAX_BUCKETS): RateLimiter {
  /** When each bucket will be full. A map keeps the order of what was put in: the first was used longest ago. */
  const fullAt = new Map<string, number>()
  return {
    take(bucket: string, rate: Rate): Taken {
      const at = now()
      const full = fullBy(fullAt.get(bucket) ?? at, at, rate)
      const next = full + intervalOf(rate)
      // A millionth of a second is rounding.
      if (next - at > rate.windowSeconds * 1000 + 0.001) return takenOf(rate, false, full - at)
      fullAt.delete(bucket)
      fullAt.set(bucket, next)
      for (const oldest of fullAt.keys()) {
        if (fullAt.size <= maxBuckets) break
        fullAt.delete(oldest)
      }
      return takenOf(rate, true, next - at)
    },
  }
}

/** What takes longer to fill than an empty bucket does is of another rate, before the settings changed: it is full. */
function fullBy(full: number, at: number, { windowSeconds }: Rate): number {
  return full - at > windowSeconds * 1000 + 0.001 ? at : Math.max(full, at)
}
