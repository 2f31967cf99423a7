/** The most connections to PostgreSQL of each pool of a process: one for calls, one for everything else. */
export const MAX_CONNECTIONS = 10

/** The most of a process: both pools, and the connection that hears announcements. docs/scaling.md says it. */
export const PROCESS_CONNECTIONS = 2 * MAX_CONNECTIONS + 1

/** How long a statement waits for the lock of an SQLite file that another process holds, in milliseconds. */
export const BUSY_TIMEOUT_MS = 5_000
