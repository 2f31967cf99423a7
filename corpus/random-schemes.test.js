import { createSigner, defineScheme } from 'countersign'
import { infer } from 'countersign/infer'
import { expect, it } from 'vitest'
import { generator } from './measure.js'
import { measureInfer } from './random-schemes.js'

it('infer finds 95 % of made-up schemes again', async () => {
  // Bounded by messages and not by time, so that it ends the same on a busy machine.
  const bounds = { maxAttempts: 7_000_000, timeoutMs: Number.POSITIVE_INFINITY }
  const { tried, found, missed } = await measureInfer(
    { createSigner, defineScheme, infer },
    { count: 40, random: generator(11), ...bounds },
  )
  expect(found / tried, missed.join('\n')).toBeGreaterThanOrEqual(0.95)
}, 300_000)
