import type { IncomingMessage } from 'node:http'
import type { BodyReader } from 'countersign'
import { readBody } from 'countersign/node'

/** Bounds the bytes of request bodies that are held at once, over all requests. */
export interface BodyBudget {
  /** Reads a body once, however many verifiers ask; `overloaded` is thrown beyond the budget. */
  reader(request: IncomingMessage): BodyReader & { release(): void }
  readonly heldBytes: number
}

export class OverloadedError extends Error {}

export function createBodyBudget(maxHeldBytes: number): BodyBudget {
  let held = 0
  return {
    get heldBytes() {
      return held
    },
    reader(request) {
      let read: ReturnType<typeof readBody> | undefined
      let reserved = 0
      const reader = (maxBytes: number): ReturnType<typeof readBody> => {
        if (read !== undefined) return read
        // What is announced is reserved; what is not announced may be as much as there may be.
        const announced = request.headers['content-length']
        reserved = request.headers['transfer-encoding'] === undefined ? Math.min(Number(announced ?? 0), maxBytes) : maxBytes
        if (held + reserved > maxHeldBytes) {
          reserved = 0
          read = Promise.reject(new OverloadedError())
        } else {
          held += reserved
          read = readBody(request, maxBytes)
        }
        return read
      }
      return Object.assign(reader, {
        release() {
          held -= reserved
          reserved = 0
        },
      })
    },
  }
}
