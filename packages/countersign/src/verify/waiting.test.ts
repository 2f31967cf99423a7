import { afterEach, describe, expect, it, vi } from 'vitest'
import { createWait, systemTimer, type Timer } from './waiting.ts'

/** A timer that is over when it is told so, and writes down which waits were stopped. */
function handTimer() {
  const ends: (() => void)[] = []
  const stopped: number[] = []
  const timer: Timer = (_ms, onEnd) => {
    const index = ends.push(onEnd) - 1
    return () => void stopped.push(index)
  }
  return { timer, ends, stopped }
}

describe('a wait', () => {
  it('hands on an answer that is there at once, and starts no timer', () => {
    const { timer, ends } = handTimer()
    expect(createWait(timer)('now', 5, 'It')).toBe('now')
    expect(ends).toEqual([])
  })

  it('hands on an answer or an error that comes in time, and stops its timer', async () => {
    const { timer, stopped } = handTimer()
    const wait = createWait(timer)
    expect(await wait(Promise.resolve('later'), 5, 'It')).toBe('later')
    await expect(wait(Promise.reject(new Error('away')), 5, 'It')).rejects.toThrow('away')
    expect(stopped).toEqual([0, 1])
  })

  it('says what has not answered, and marks it as a time that is over', async () => {
    const { timer, ends } = handTimer()
    const answer = createWait(timer)(new Promise<never>(() => undefined), 70, 'The key source')
    ends[0]?.()
    await expect(answer).rejects.toMatchObject({ code: 'ETIMEDOUT', message: 'The key source has not answered within 70 ms.' })
  })
})

describe("the platform's timer", () => {
  afterEach(() => void vi.unstubAllGlobals())

  const unref = vi.fn()

  it.each<[string, unknown, number]>([
    ['whose timers are objects', { unref }, 1],
    ['whose timers are numbers', 7, 0],
    ['whose timers are null', null, 0],
    ['whose timers can not be let go', {}, 0],
    ['whose timers have another unref', { unref: 1 }, 0],
  ])('waits and stops on a platform %s', (_what, made, times) => {
    const onEnd = (): void => undefined
    const [start, stop] = [vi.fn(() => made), vi.fn()]
    vi.stubGlobal('setTimeout', start)
    vi.stubGlobal('clearTimeout', stop)
    const cancel = systemTimer(70, onEnd)
    expect(start).toHaveBeenCalledWith(onEnd, 70)
    // It keeps no process alive.
    expect(unref).toHaveBeenCalledTimes(times)
    unref.mockClear()
    expect(stop).not.toHaveBeenCalled()
    cancel()
    expect(stop).toHaveBeenCalledWith(made)
  })
})
