import { describe, expect, it } from 'vitest'
import { type Attempt, createThrottle, type Throttle } from './throttle.ts'

function begun(): { throttle: ReturnType<typeof createThrottle>; pass: (ms: number) => void } {
  let now = 1_000_000
  const pass = (ms: number): void => {
    now += ms
  }
  return { throttle: createThrottle(() => now), pass }
}
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
const isAttempt = (begun: Attempt | number): begun is Attempt => typeof begun === 'object'

describe('attempts to sign in', () => {
  const wrong = async (throttle: Throttle, address = '192.0.2.1'): Promise<void> => {
    const attempt = await throttle.begin(address)
    if (isAttempt(attempt)) attempt.end(false)
  }

  it('that run at once are five, as those in a row are; the rest learns what becomes of them', async () => {
    const { throttle } = begun()
    const running: Attempt[] = []
    const all = Array.from({ length: 120 }, async () => {
      const attempt = await throttle.begin('192.0.2.1')
      if (isAttempt(attempt)) running.push(attempt)
      return attempt
    })
    await settled()
    expect(running).toHaveLength(5)
    for (const attempt of running) attempt.end(false)
    expect((await Promise.all(all)).filter(outcome => outcome === 1_000)).toHaveLength(115)
    expect(running).toHaveLength(5)
  })

  it('with the right token all pass, however many run at once', async () => {
    const { throttle } = begun()
    let most = 0
    let running = 0
    const all = Array.from({ length: 120 }, async () => {
      const attempt = await throttle.begin('192.0.2.1')
      most = Math.max(most, ++running)
      await settled()
      running--
      if (isAttempt(attempt)) attempt.end(true)
      return isAttempt(attempt)
    })
    expect(await Promise.all(all)).toEqual(all.map(() => true))
    expect(most).toBe(5)
  })

  it('wait twice as long after each that was wrong, up to five minutes', async () => {
    const { throttle, pass } = begun()
    const waits: number[] = []
    for (let count = 0; count < 20; count++) {
      const attempt = await throttle.begin('192.0.2.1')
      if (isAttempt(attempt)) attempt.end(false)
      else {
        waits.push(attempt)
        pass(attempt)
      }
    }
    expect(waits.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000])
    expect(Math.max(...waits)).toBeLessThanOrEqual(300_000)
  })

  it('are one at a time once there were five wrong ones', async () => {
    const { throttle, pass } = begun()
    for (let count = 0; count < 5; count++) await wrong(throttle)
    pass(1_000)
    const outcomes: (Attempt | number)[] = []
    for (let count = 0; count < 3; count++) void throttle.begin('192.0.2.1').then(outcome => outcomes.push(outcome))
    await settled()
    expect(outcomes.map(isAttempt)).toEqual([true])
    ;(outcomes[0] as Attempt).end(false)
    await settled()
    expect(outcomes.slice(1)).toEqual([2_000, 2_000])
  })

  it('are free again after one that was right, and after a quarter of an hour', async () => {
    const { throttle, pass } = begun()
    for (let count = 0; count < 4; count++) await wrong(throttle)
    ;((await throttle.begin('192.0.2.1')) as Attempt).end(true)
    for (let count = 0; count < 5; count++) await wrong(throttle)
    expect(await throttle.begin('192.0.2.1')).toBe(1_000)
    pass(900_001)
    for (let count = 0; count < 5; count++) await wrong(throttle)
    expect(await throttle.begin('192.0.2.1')).toBe(1_000)
  })

  it('that failed on our side count for nothing', async () => {
    const { throttle } = begun()
    for (let count = 0; count < 50; count++) ((await throttle.begin('192.0.2.1')) as Attempt).end(undefined)
  })

  it.each([
    ['192.0.2.1', '192.0.2.2', false],
    ['192.0.2.1', '::ffff:192.0.2.1', true],
    ['2001:db8::1', '2001:db8:0:0:ffff:1:2:3', true],
    ['2001:DB8::1', '2001:0db8::2', true],
    ['2001:db8::1', '2001:db8:0:1::1', false],
    ['2001:db8:1::1', '2001:db8:2::1', false],
    ['::1', '::2', true],
    ['fe80::1%eth0', 'fe80::2', true],
    ['', '192.0.2.1', false],
  ])('of %j lock out %j: %s', async (flooding, other, isLockedOut) => {
    const { throttle } = begun()
    for (let count = 0; count < 5; count++) await wrong(throttle, flooding)
    expect(isAttempt(await throttle.begin(other))).toBe(!isLockedOut)
  })

  it('of more addresses than are remembered: those that tried least recently are forgotten', async () => {
    const throttle = createThrottle(() => 1_000_000, { maxAddresses: 3 })
    const lockOut = async (address: string): Promise<void> => {
      for (let count = 0; count < 5; count++) await wrong(throttle, address)
    }
    for (const host of [1, 2, 3]) await lockOut(`10.0.0.${host}`)
    expect(await throttle.begin('10.0.0.1')).toBe(1_000)
    await lockOut('10.0.0.4')
    expect(throttle.size).toBe(3)
    expect(await throttle.begin('10.0.0.1')).toBe(1_000)
    expect(isAttempt(await throttle.begin('10.0.0.2'))).toBe(true)
  })

  it('of any number of addresses take no more memory than those that are remembered', async () => {
    const { throttle } = begun()
    for (let host = 0; host < 20_000; host++) await throttle.begin(`10.0.${host >> 8}.${host & 255}`)
    expect(throttle.size).toBe(10_000)
  })
})
