import { explain } from 'countersign/explain'
import { qredoV1 } from 'countersign/schemes'
import { describe, expect, it } from 'vitest'
import { measureCorpus } from './measure.js'
import { hasPython } from './requests.js'

describe('the corpus of wrong clients', () => {
  it.skipIf(!hasPython)(
    'is named rightly in 97 % of single mistakes and 90 % of pairs (needs python3)',
    async () => {
      const { rows, pairs } = await measureCorpus(explain, qredoV1, { pairs: 300 })
      expect(rows.length).toBeGreaterThanOrEqual(60)
      expect(rows.filter(({ tried }) => tried === 0).map(({ name }) => name)).toEqual([])
      const sum = key => rows.reduce((total, row) => total + row[key], 0)
      expect(sum('named') / sum('tried')).toBeGreaterThanOrEqual(0.97)
      expect(pairs.named / pairs.tried).toBeGreaterThanOrEqual(0.9)
    },
    120_000,
  )
})
