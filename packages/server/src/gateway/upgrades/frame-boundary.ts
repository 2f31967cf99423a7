/**
 * Follows the frames of a WebSocket in one direction (RFC 6455 §5.2), so that a frame of ours goes between two of them
 * and not into one.
 */
export interface FrameBoundary {
  /** To be told of every piece, in order. */
  passed(piece: Uint8Array): void
  /** Whether what has passed ends with a whole frame. */
  readonly isBetweenFrames: boolean
}

const MASK_BYTES = 4

export function frameBoundary(): FrameBoundary {
  /** The head of a frame, as far as it has come. */
  let head: number[] = []
  /** Bytes of the frame's content that are still to come. */
  let left = 0
  return {
    passed(piece) {
      for (let at = 0; at < piece.length; ) {
        if (left > 0) {
          const taken = Math.min(left, piece.length - at)
          left -= taken
          at += taken
          continue
        }
        head.push(piece[at++] ?? 0)
        const length = contentLength(head)
        if (length === undefined) continue
        head = []
        left = length
      }
    },
    get isBetweenFrames() {
      return left === 0 && head.length === 0
    },
  }
}

/** @returns `undefined` where more of the head is to come */
function contentLength(head: readonly number[]): number | undefined {
  const [, second] = head
  if (second === undefined) return undefined
  const short = second & 0x7f
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
  if (head.length < 2 + lengthBytes + (second >= 0x80 ? MASK_BYTES : 0)) return undefined
  if (lengthBytes === 0) return short
  return head.slice(2, 2 + lengthBytes).reduce((length, byte) => length * 256 + byte, 0)
}
