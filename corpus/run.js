/**
 * Prints how often `explain` names what wrong clients did, and how often `infer` finds a made-up scheme. Run by
 * `npm run corpus`, after a build; needs python3.
 */
import { createSigner, defineScheme } from 'countersign'
import { explain } from 'countersign/explain'
import { infer } from 'countersign/infer'
import { qredoV1 } from 'countersign/schemes'
import { generator, measureCorpus } from './measure.js'
import { measureInfer } from './random-schemes.js'

const { rows, pairs } = await measureCorpus(explain, qredoV1, { pairs: Number(process.argv[2] ?? 2000) })
const median = list => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0
const line = ({ name, tried, named, wrong, ms }) =>
  `${name.padEnd(50)} ${`${named}/${tried}`.padStart(10)} ${`${wrong} otherwise`.padStart(13)} ${`${median(ms).toFixed(1)} ms`.padStart(9)}`
for (const row of rows) console.log(line(row))
const sum = key => rows.reduce((total, row) => total + row[key], 0)
console.log(
  `\n${rows.length} mistakes: ${sum('named')} of ${sum('tried')} named (${((100 * sum('named')) / sum('tried')).toFixed(1)} %), ${sum('wrong')} explained by another cause that gives the same signature`,
)
const within = (list, limit) => ((100 * list.filter(ms => ms < limit).length) / list.length).toFixed(1)
const singles = rows.flatMap(({ ms }) => ms)
console.log(`${line(pairs)} (${((100 * pairs.named) / pairs.tried).toFixed(1)} %)`)
console.log(`answered within 50 ms: ${within(singles, 50)} % of single mistakes, ${within(pairs.ms, 50)} % of pairs`)
const made = await measureInfer({ createSigner, defineScheme, infer }, { count: 300, random: generator(7) })
console.log(
  `infer: ${made.found} of ${made.tried} made-up schemes found (${((100 * made.found) / made.tried).toFixed(1)} %), median ${median(made.ms).toFixed(0)} ms, longest ${Math.max(...made.ms).toFixed(0)} ms`,
)
if (process.argv.includes('--missed')) console.log(made.missed.join('\n'))
if (process.argv.includes('--missed')) console.log(pairs.missed.join('\n'))
