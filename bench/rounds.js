import { measure } from 'mitata'

/** Rounds per comparison; the sides take turns, so that a change of the machine's speed meets both. */
export const ROUNDS = 9

/**
 * Times several functions that do the same work and gives each one's median time and its ratio to the first, both
 * medians over the rounds.
 *
 * @param {Record<string, () => unknown>} sides
 */
export async function compare(sides) {
  const names = Object.keys(sides)
  const times = Object.fromEntries(names.map(name => [name, []]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const { p50 } = await measure(sides[name], {
        min_cpu_time: 150 * 1e6,
        min_samples: 64,
        batch_samples: 256,
        batch_unroll: 1,
        inner_gc: false,
      })
      times[name].push(p50)
    }
  }
  const [first] = names
  return names.map(name => ({
    name,
    ns: median(times[name]),
    ratio: median(times[name].map((time, round) => time / times[first][round])),
  }))
}

/** @param {string} title @param {Awaited<ReturnType<typeof compare>>} rows @param {Record<string, number>} [aims] */
export function print(title, rows, aims = {}) {
  console.log(`\n${title}`)
  for (const { name, ns, ratio } of rows) {
    const aim = aims[name] === undefined ? '' : `   aim ≤ ${aims[name].toFixed(2)}`
    console.log(`  ${name.padEnd(46)} ${`${Math.round(ns)} ns`.padStart(9)}   ${ratio.toFixed(2).padStart(5)}×${aim}`)
  }
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}
