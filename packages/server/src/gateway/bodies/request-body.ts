import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import type { Readable } from 'node:stream'
import type { BodyDigest, BodyReader, BodyUse, DroppedBody, Refused } from 'countersign'
import { announcedLength as announcedLengthOf } from 'countersign/node'
import { CutOffError, checkedStream } from './checked-stream.ts'
import { hashBody } from './hashed-body.ts'
import { createHeldBodies, type HeldBody } from './held-bodies.ts'
import { readSpooled } from './read-spooled.ts'
import { createSpool, type SpooledBody } from './spool.ts'
import { createSpoolFolder, removeDeadSpools } from './spool-folder.ts'

export interface RequestBodiesOptions {
  /** These three limits: see {@link GATEWAY_DEFAULTS}. */
  readonly maxHeldBytes: number
  readonly spoolBytes: number
  readonly maxSpoolBytes: number
  /** Where large bodies are written. Default: the system's folder for temporary files. */
  readonly folder?: string | undefined
  /** Told what kept the folders of dead processes from being removed. */
  readonly onError: (error: unknown) => void
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
 * Keeps request bodies of calls that may be taken: small ones in memory, large ones on disk, of which one at a time is
 * read to be verified, each within a budget. A body sent with an unknown key id is hashed and dropped.
 */
export interface RequestBodies {
  of(request: IncomingMessage): RequestBody
  readonly heldBytes: number
  readonly spooledBytes: number
  close(): Promise<void>
}

/** For requests without a body, and for every upgrade. */
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

export function createRequestBodies(options: RequestBodiesOptions): RequestBodies {
  const { maxHeldBytes, spoolBytes, maxSpoolBytes, folder = tmpdir(), onError } = options
  const heldBodies = createHeldBodies(maxHeldBytes)
  const spoolFolder = createSpoolFolder(folder)
  const spool = createSpool(spoolFolder, maxSpoolBytes)
  void removeDeadSpools(folder, onError)
  /** Stands in for small bodies that were dropped; as long as the longest was. */
  let zeros = Buffer.alloc(0)

  function of(request: IncomingMessage): RequestBody {
    const announcedLength = announcedLengthOf(request)
    if (announcedLength === 0) return NO_BODY
    const isLarge = announcedLength === undefined || announcedLength > spoolBytes
    let reading: ReturnType<BodyReader> | undefined
    let inMemory: Uint8Array | undefined
    let heldBody: HeldBody | undefined
    let spooled: SpooledBody | undefined
    let file: { readonly path: string; readonly length: number } | undefined
    let endTurn: (() => void) | undefined
    let isReleased = false

    async function read(maxBytes: number, use: BodyUse): ReturnType<BodyReader> {
      if (announcedLength !== undefined && announcedLength > maxBytes) return 'too-large'
      if (!(await use.isWanted())) return await hash(maxBytes, use)
      if ((announcedLength ?? maxBytes) > spoolBytes) return await keepOnDisk(maxBytes)
      heldBody = heldBodies.keep(request, maxBytes, announcedLength)
      const body = await heldBody.read
      if (body instanceof Uint8Array) inMemory = body
      return body
    }

    async function keepOnDisk(maxBytes: number): Promise<Uint8Array | undefined | 'too-large'> {
      spooled = spool.write(request, maxBytes)
      const length = await spooled.written
      if (length === 'too-large') return length
      const { path } = spooled
      if (length === 0 || path === undefined) return undefined
      file = { path, length }
      const { bytes, done } = await spool.readBack(path, length)
      keepTurn(done)
      return bytes
    }

    async function hash(maxBytes: number, use: BodyUse): Promise<DroppedBody | undefined | 'too-large'> {
      const isSmall = (announcedLength ?? maxBytes) <= spoolBytes
      const hashed = await hashBody(request, maxBytes, use.digests)
      if (hashed === undefined || hashed === 'too-large') return hashed
      const { length, digests } = hashed
      if (isSmall) {
        if (zeros.length < length) zeros = Buffer.alloc(length)
        return { standIn: zeros.subarray(0, length), digests }
      }
      const { bytes, done } = await spool.readStandIn(length)
      keepTurn(done)
      return { standIn: bytes, digests }
    }

    /** Whoever asked may have given up meanwhile; then the next has the turn at once. */
    function keepTurn(done: () => void): void {
      if (isReleased) done()
      else endTurn = done
    }

    const verified = (): void => {
      endTurn?.()
      endTurn = undefined
    }
    return {
      isLarge,
      stream(digest, maxBytes, confirm) {
        if (announcedLength !== undefined && announcedLength > maxBytes) throw new CutOffError({ code: 'body-too-large', maxBytes })
        const checked = checkedStream(digest, maxBytes, confirm)
        request.on('error', error => checked.destroy(error))
        request.on('close', () => {
          if (!request.complete) checked.destroy(new Error('The client went away.'))
        })
        return { body: request.pipe(checked), length: announcedLength }
      },
      reader(maxBytes, use) {
        reading ??= read(maxBytes, use)
        return reading
      },
      outgoing() {
        if (file !== undefined) return { body: readSpooled(file.path), length: file.length }
        return { body: inMemory, length: inMemory?.length }
      },
      verified,
      release() {
        isReleased = true
        verified()
        heldBody?.release()
        return spooled?.remove()
      },
    }
  }

  return {
    of,
    get heldBytes() {
      return heldBodies.heldBytes + spool.heldBytes + zeros.length
    },
    get spooledBytes() {
      return spool.spooledBytes
    },
    close: () => spoolFolder.close(),
  }
}
