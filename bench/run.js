import { cpus } from 'node:os'
import * as qredoV1 from './qredo-v1.js'
import { ROUNDS } from './rounds.js'
import * as schemes from './schemes.js'

console.log(
  `${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}; medians of ${ROUNDS} rounds, sides in turn, ratios to the first line`,
)
await qredoV1.run()
await schemes.run()
