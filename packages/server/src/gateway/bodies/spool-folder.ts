import { mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** A folder of this process alone, for bodies that are too large for memory. */
export interface SpoolFolder {
  /** Made at the first use; one that can't be made now may be later. */
  path(): Promise<string>
  /** Removes it with all that is in it. */
  close(): Promise<void>
}

/**
 * Names the machine, since the folder may be shared by several, and only the one that a process runs on can tell
 * whether it lives.
 */
const PREFIX = `countersign-gateway-${hostname().replaceAll(/[^A-Za-z0-9.]/g, '')}-`
/**
 * A socket on which the process listens as long as it lives, whatever its id is in whichever container: the system
 * closes it, even after SIGKILL. It gets this name once it is listened on, so that a lock which takes no connection is
 * a dead process's.
 */
const LOCK = 'lock'

export function createSpoolFolder(parent: string): SpoolFolder {
  let made: Promise<{ readonly path: string; readonly lock: Server | undefined }> | undefined

  async function make(): Promise<{ readonly path: string; readonly lock: Server | undefined }> {
    const path = await mkdtemp(join(parent, PREFIX))
    return { path, lock: await listenIn(path) }
  }

  return {
    async path() {
      made ??= make()
      made.catch(() => {
        made = undefined
      })
      return (await made).path
    },
    async close() {
      if (made === undefined) return
      const { path, lock } = await made
      await rm(path, { recursive: true, force: true })
      lock?.close()
    },
  }
}

/**
 * Removes the folders that processes left when they were killed. One without a lock is left: it has just been made, or
 * the system has no such sockets.
 *
 * @param onError told of each that can't be removed, such as another user's
 */
export async function removeDeadSpools(parent: string, onError: (error: unknown) => void): Promise<void> {
  const names = await readdir(parent).catch(() => [])
  for (const name of names) {
    const path = join(parent, name)
    if (name.startsWith(PREFIX) && (await isDead(join(path, LOCK)))) await rm(path, { recursive: true, force: true }).catch(onError)
  }
}

/** @returns undefined where the system has no such sockets, or the path is too long for one */
function listenIn(folder: string): Promise<Server | undefined> {
  return new Promise(resolve => {
    const server = createServer(socket => socket.destroy())
    const unlocked = join(folder, 'lock.new')
    server.on('error', () => resolve(undefined))
    // Its own even where it is one of several of a cluster: else it would live as long as their primary.
    server.listen({ path: unlocked, exclusive: true }, () => {
      server.unref()
      rename(unlocked, join(folder, LOCK)).then(
        () => resolve(server),
        () => resolve(undefined),
      )
    })
  })
}

function isDead(lock: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ path: lock })
    const answer = (isDeadNow: boolean): void => {
      socket.destroy()
      resolve(isDeadNow)
    }
    socket.once('connect', () => answer(false))
    socket.once('error', (error: NodeJS.ErrnoException) => answer(error.code === 'ECONNREFUSED'))
  })
}
