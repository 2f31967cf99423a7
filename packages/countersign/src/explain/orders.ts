/** Every order of up to four parts is tried; with more, only swaps of two. */
const MOST_PERMUTED = 4

/** Other orders of the same items. */
export function orders<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length <= MOST_PERMUTED) return permutations(items).slice(1)
  const swaps: T[][] = []
  for (const [first, a] of items.entries()) {
    for (const [second, b] of items.entries()) {
      if (second <= first) continue
      const swapped = [...items]
      swapped[first] = b
      swapped[second] = a
      swaps.push(swapped)
    }
  }
  return swaps
}

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length <= 1) return [items]
  return items.flatMap((item, index) => permutations([...items.slice(0, index), ...items.slice(index + 1)]).map(rest => [item, ...rest]))
}
