import { createSigner, defineScheme } from 'countersign'
import { infer } from 'countersign/infer'
import { expect, it } from 'vitest'
import { generator } from './measure.js'
import { measureInfer } from './random-schemes.js'

it('infer finds 95 % of made-up schemes again', async () => {
  const { tried, found, missed } = await measureInfer({ createSigner, defineScheme, infer }, { count: 40, random: generator(11) })
  expect(found / tried, missed.join('\n')).toBeGreaterThanOrEqual(0.95)
}, 300_000)
