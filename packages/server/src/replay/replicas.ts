import type { Redis } from 'ioredis'
import type { OpenRedis } from '../redis/open-redis.ts'

/** Asks whether replicas have what was written. */
export interface Replicas {
  /** Call it before a claim; what it returns, after: whether enough replicas have that claim. */
  before(): () => Promise<boolean>
  close(): void
}

/** @param wanted how many have to have it; none are asked for 0 */
export function createReplicas({ client }: OpenRedis, wanted: number, timeoutMs: number): Replicas {
  // WAIT is about what its own connection wrote: on the next one, every replica has all of it.
  let connection = 0
  const nextConnection = () => {
    connection += 1
  }
  client.on('close', nextConnection)
  let acknowledged: Promise<number> | undefined
  /** How many have what was claimed on this connection until now; asked once for all claims of a moment. */
  function count(): Promise<number> {
    acknowledged ??= Promise.resolve().then(() => {
      acknowledged = undefined
      return (client as Redis).wait(wanted, Math.ceil(timeoutMs / 2))
    })
    return acknowledged
  }
  return {
    before() {
      const used = connection
      return async () => wanted === 0 || ((await count()) >= wanted && connection === used)
    },
    close: () => void client.off('close', nextConnection),
  }
}
