import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { errorCodeOf } from '../../errors.ts'
import { createBudget } from './budget.ts'
import { incomingPieces } from './incoming-pieces.ts'
import type { SpoolFolder } from './spool-folder.ts'

/** The disk is full, or holds as many bytes of bodies as it may. */
export class SpoolFullError extends Error {}

/** A body on disk. */
export interface SpooledBody {
  /** Rejects with {@link SpoolFullError}, or with why the body did not come whole. */
  readonly written: Promise<'too-large' | number>
  readonly path: string | undefined
  remove(): Promise<void>
}

/** Keeps large bodies on disk, within a budget; one at a time is read back, to be verified. */
export interface Spool {
  write(request: IncomingMessage, maxBytes: number): SpooledBody
  /** Reads a body back once it has its turn, which lasts until `done` is called. */
  readBack(path: string, length: number): Promise<ReadTurn>
  /** As many bytes of no meaning, which take as long to read. */
  readStandIn(length: number): Promise<ReadTurn>
  readonly spooledBytes: number
  /** The memory that bodies are read back into. */
  readonly heldBytes: number
}

/** A body that was read, for as long as its turn lasts. */
interface ReadTurn {
  readonly bytes: Uint8Array
  done(): void
}

/** What is read from disk at once; the stand-in is as long, and is read as often. */
const PIECE_BYTES = 1_048_576

export function createSpool(folder: SpoolFolder, maxSpoolBytes: number): Spool {
  const budget = createBudget(maxSpoolBytes)
  /** For the body that is verified now; as large as the largest was. */
  let scratch = Buffer.alloc(0)
  let turn: Promise<void> = Promise.resolve()
  let standIn: Promise<string> | undefined

  async function takeTurn(): Promise<() => void> {
    const before = turn
    let done: () => void = () => undefined
    turn = new Promise(resolve => {
      done = resolve
    })
    await before
    return done
  }

  /** @param wrap file length in bytes; after it, reading starts again at 0 (the stand-in) */
  async function read(path: string, length: number, wrap = Number.MAX_SAFE_INTEGER): Promise<ReadTurn> {
    const done = await takeTurn()
    try {
      if (scratch.length < length) scratch = Buffer.allocUnsafeSlow(length)
      const handle = await open(path, 'r')
      try {
        for (let at = 0; at < length; ) {
          const { bytesRead } = await handle.read(scratch, at, Math.min(PIECE_BYTES, length - at), at % wrap)
          if (bytesRead === 0) throw new Error('A spooled body has become shorter.')
          at += bytesRead
        }
      } finally {
        await handle.close()
      }
      return { bytes: scratch.subarray(0, length), done }
    } catch (error) {
      done()
      throw error
    }
  }

  const full = () => new SpoolFullError(`Bodies on disk may have ${maxSpoolBytes} bytes at once (maxSpoolBytes).`)

  async function makeStandIn(): Promise<string> {
    const path = join(await folder.path(), 'stand-in')
    await writeFile(path, Buffer.alloc(PIECE_BYTES), { flag: 'wx', mode: 0o600 })
    return path
  }

  return {
    write(request, maxBytes) {
      let giveUp: () => void = () => undefined
      const givenUp = new Promise<never>((_, reject) => {
        giveUp = () => reject(full())
      })
      const share = budget.share(giveUp)
      let isOver = false
      let path: string | undefined
      let file: Promise<FileHandle> | undefined

      async function write(): Promise<'too-large' | number> {
        path = join(await folder.path(), randomUUID())
        file = open(path, 'wx', 0o600)
        const handle = await file
        let length = 0
        for await (const piece of incomingPieces(request)) {
          // It has been answered.
          if (isOver) continue
          length += piece.length
          if (length > maxBytes) return 'too-large'
          if (!share.take(piece.length)) throw full()
          await handle.writeFile(piece)
        }
        share.keep()
        return length
      }

      return {
        // A client that sends nothing more doesn't end what waits for its next piece.
        written: Promise.race([write(), givenUp]).catch(error => {
          throw spoolErrorOf(error)
        }),
        get path() {
          return path
        },
        async remove() {
          isOver = true
          try {
            // Not before it is there: it would be made after it was removed.
            await (await file)?.close()
          } finally {
            if (path !== undefined) await rm(path, { force: true })
            share.release()
          }
        },
      }
    },
    readBack: (path, length) => read(path, length),
    async readStandIn(length) {
      standIn ??= makeStandIn()
      standIn.catch(() => {
        standIn = undefined
      })
      return await read(await standIn, length, PIECE_BYTES)
    },
    get spooledBytes() {
      return budget.taken
    },
    get heldBytes() {
      return scratch.length
    },
  }
}

/** No space left, or none left of a quota. */
function spoolErrorOf(error: unknown): unknown {
  const code = errorCodeOf(error)
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new SpoolFullError('The disk for spooled bodies is full.', { cause: error })
}
