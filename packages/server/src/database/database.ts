import type { Kysely } from 'kysely'
import type { Tables } from './tables.ts'

export type Db = Kysely<Tables>

/** How a store's connections are used. */
interface ConnectionUse {
  readonly open: number
  /** Of those, the ones with a statement or a transaction. */
  readonly busy: number
  /** Statements that wait for a connection. */
  readonly waiting: number
}

/** One of the two back ends, opened. What differs between them is in these members; everything else is one SQL. */
export interface Database {
  readonly db: Db
  /** The same for what calls wait for: a statement that is not answered within a second fails. */
  readonly prompt: Db
  readonly kind: 'sqlite' | 'postgres'
  /**
   * Makes other processes look at once for what has changed; part of the transaction. Where there is no such signal,
   * they poll.
   */
  announce(transaction: Db): Promise<void>
  /** Calls back on the announcements of all processes, and after every lost connection. */
  listen(heard: () => void): { close(): Promise<void> }
  /** The time of the database's own machine, in milliseconds. Left out where it is a file, which has none. */
  readonly now?: () => Promise<number>
  /** Left out where it is a file, which has none. */
  readonly connectionUse?: () => ConnectionUse
  close(): Promise<void>
}
