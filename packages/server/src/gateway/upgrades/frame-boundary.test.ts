import fc from 'fast-check'
import { expect, it } from 'vitest'
import { frameBoundary } from './frame-boundary.ts'

/** A frame with so many bytes of content, in the shortest way to say how many; long lengths as well. */
function frame(length: number, isMasked: boolean): Buffer {
  const mask = isMasked ? 0x80 : 0
  const lengths = length < 126 ? [mask | length] : length < 65_536 ? [mask | 126, length >> 8, length & 0xff] : undefined
  const long = [mask | 127, 0, 0, 0, 0, 0, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff]
  // Content that looks like heads of frames.
  return Buffer.concat([Buffer.from([0x82, ...(lengths ?? long), ...(isMasked ? [1, 2, 3, 4] : [])]), Buffer.alloc(length, 0x81)])
}

it('knows between which bytes a frame ends, however they come', () => {
  const frames = fc.array(
    fc.record({
      length: fc.oneof(fc.integer({ min: 0, max: 130 }), fc.constantFrom(125, 126, 65_535, 65_536, 70_000)),
      isMasked: fc.boolean(),
    }),
    { minLength: 1, maxLength: 6 },
  )
  fc.assert(
    fc.property(frames, fc.infiniteStream(fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40_000 }))), (given, sizes) => {
      const made = given.map(({ length, isMasked }) => frame(length, isMasked))
      const ends = new Set([0])
      for (const one of made) ends.add(Math.max(...ends) + one.length)
      const whole = Buffer.concat(made)
      const boundary = frameBoundary()
      for (let at = 0; at < whole.length; ) {
        const size = Number(sizes.next().value)
        boundary.passed(whole.subarray(at, at + size))
        at = Math.min(at + size, whole.length)
        expect([at, boundary.isBetweenFrames]).toEqual([at, ends.has(at)])
      }
    }),
    { seed: 16, numRuns: 200 },
  )
})
