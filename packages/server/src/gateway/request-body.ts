import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { BodyDigest, BodyReader, Refused } from 'countersign'
import { announcedLength as announcedLengthOf } from 'countersign/node'
import { CutOffError, checkedStream } from './checked-stream.ts'
import { createHeldBodies, type HeldBody } from './held-bodies.ts'
import { readSpooled } from './read-spooled.ts'

export interface RequestBodiesOptions {
  /** Of all bodies in memory at once, for what came in of them. */
  readonly maxHeldBytes: number
  /** Larger bodies are written to disk until they are verified and sent on. */
  readonly spoolBytes: number
  /** Where; default: the system's folder for temporary files. */
  readonly folder?: string | undefined
}

/** The body of one request: read once, however many verifiers ask. */
export interface RequestBody {
  readonly reader: BodyReader
  /** Larger than `spoolBytes`, or of unknown length. If the signature covers a digest, stream it instead. */
  readonly isLarge: boolean
  /** Passes it on while it comes in, in the place of {@link reader}. */
  stream(
    digest: BodyDigest,
    maxBytes: number,
    confirm: () => Promise<Refused | undefined>,
  ): { readonly body: Readable; readonly length: number | undefined }
  /** What goes upstream, once it is verified. */
  outgoing(): { readonly body: Uint8Array | Readable | undefined; readonly length: number | undefined }
  /** Lets others verify; to be called when verifying is over. */
  verified(): void
  /** Forgets it all. */
  release(): Promise<void> | undefined
}

/**
 * Keeps request bodies: small ones in memory, within a budget; large ones on disk, of which one at a time is read to be
 * verified.
 */
export interface RequestBodies {
  of(request: IncomingMessage): RequestBody
  readonly heldBytes: number
  close(): Promise<void>
}

/** The most frequent one; an upgrade's always. */
export const NO_BODY: RequestBody = {
  isLarge: false,
  stream: () => {
    throw new Error('There is no body.')
  },
  reader: () => Promise.resolve(undefined),
  outgoing: () => ({ body: undefined, length: undefined }),
  verified: () => undefined,
  release: () => undefined,
}

export function createRequestBodies({ maxHeldBytes, spoolBytes, folder = tmpdir() }: RequestBodiesOptions): RequestBodies {
  const heldBodies = createHeldBodies(maxHeldBytes)
  let directory: Promise<string> | undefined
  /** For the body that is verified now; as large as the largest was. */
  let scratch = Buffer.alloc(0)
  let turn: Promise<void> = Promise.resolve()

  /** One after the other has the scratch memory. */
  async function takeTurn(): Promise<() => void> {
    const before = turn
    let done: () => void = () => undefined
    turn = new Promise(resolve => {
      done = resolve
    })
    await before
    return done
  }

  function of(request: IncomingMessage): RequestBody {
    const announcedLength = announcedLengthOf(request)
    if (announcedLength === 0) return NO_BODY
    let reading: Promise<Uint8Array | undefined | 'too-large'> | undefined
    let inMemory: Uint8Array | undefined
    let file: { readonly path: string; readonly length: number } | undefined
    let heldBody: HeldBody | undefined
    let endTurn: (() => void) | undefined

    async function read(maxBytes: number): Promise<Uint8Array | undefined | 'too-large'> {
      if (announcedLength !== undefined && announcedLength > maxBytes) return 'too-large'
      if ((announcedLength ?? maxBytes) > spoolBytes) return await spool(maxBytes)
      heldBody = heldBodies.keep(request, maxBytes, announcedLength)
      const body = await heldBody.read
      if (body instanceof Uint8Array) inMemory = body
      return body
    }

    async function spool(maxBytes: number): Promise<Uint8Array | undefined | 'too-large'> {
      directory ??= mkdtemp(join(folder, 'countersign-gateway-'))
      // A folder that can't be made now may be later.
      directory.catch(() => {
        directory = undefined
      })
      const path = join(await directory, randomUUID())
      let length = 0
      file = { path, length }
      const tooLarge = new Error('too large')
      const counted = new Transform({
        transform(piece: Buffer, _, done) {
          length += piece.length
          done(length > maxBytes ? tooLarge : null, piece)
        },
      })
      try {
        // By its iterator, so that a request that is too large is not destroyed before it is answered.
        await pipeline(request.iterator({ destroyOnReturn: false }), counted, createWriteStream(path, { flags: 'wx', mode: 0o600 }))
      } catch (error) {
        if (error === tooLarge) return 'too-large'
        throw error
      }
      file = { path, length }
      if (length === 0) return undefined
      endTurn = await takeTurn()
      if (scratch.length < length) scratch = Buffer.allocUnsafeSlow(length)
      const handle = await open(path, 'r')
      try {
        for (let at = 0; at < length; ) {
          const { bytesRead } = await handle.read(scratch, at, length - at, at)
          if (bytesRead === 0) throw new Error('A spooled body has become shorter.')
          at += bytesRead
        }
      } finally {
        await handle.close()
      }
      return scratch.subarray(0, length)
    }

    const verified = (): void => {
      endTurn?.()
      endTurn = undefined
    }
    return {
      isLarge: announcedLength === undefined || announcedLength > spoolBytes,
      stream(digest, maxBytes, confirm) {
        if (announcedLength !== undefined && announcedLength > maxBytes) throw new CutOffError({ code: 'body-too-large', maxBytes })
        const checked = checkedStream(digest, maxBytes, confirm)
        request.on('error', error => checked.destroy(error))
        request.on('close', () => {
          if (!request.complete) checked.destroy(new Error('The client went away.'))
        })
        return { body: request.pipe(checked), length: announcedLength }
      },
      reader(maxBytes) {
        reading ??= read(maxBytes)
        return reading
      },
      outgoing() {
        if (file !== undefined && file.length > 0) return { body: readSpooled(file.path), length: file.length }
        return { body: inMemory, length: inMemory?.length }
      },
      verified,
      async release() {
        verified()
        heldBody?.release()
        if (file !== undefined) await rm(file.path, { force: true })
      },
    }
  }

  return {
    of,
    get heldBytes() {
      return heldBodies.heldBytes + scratch.length
    },
    async close() {
      if (directory !== undefined) await rm(await directory, { recursive: true, force: true })
    },
  }
}
